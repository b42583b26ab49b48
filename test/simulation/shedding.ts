// Checks that records are shed only while a rung that sheds is in force: compares the losses of each input with what its ladder
// did at that moment. Also checks that no input waits long for room if the last rung of its ladder drops.
import type { Engine } from "../../src/agent/engine.ts";
import { leasedIn } from "../../src/buffer/chunk.ts";
import { FATES } from "../../src/core/fate.ts";
import type { Config } from "../../src/core/options.ts";
import { stateOf } from "./checks.ts";
import { fail } from "./violation.ts";

const SHEDDING = ["sampled", "oldest", "newest", "random", "rate", "age"] as const;
type Shed = (typeof SHEDDING)[number];
/** Where each stands among the fates. */
const PLACES = SHEDDING.map((shed) => FATES.indexOf(shed));

/** A hanging disk is noticed after 10 s, and a request times out after 30 s; the rest is margin. */
const MOST_WAITED_MS = 60_000;

export class SheddingWatch {
  private readonly engine: Engine;
  private readonly config: Config;
  /** Per policy, the ways of shedding in force at the last check or since. */
  private readonly acted = new Map<string, Set<Shed>>();
  /** Per input, what was shed of it by the last check. */
  private readonly counts = new Map<string, ReadonlyMap<Shed, number>>();
  private readonly policies: ReadonlySet<string>;
  /** Per input that waits for room, since when, and what was read of it by then. */
  private readonly waits = new Map<string, { readonly since: number; readonly records: number }>();

  constructor(engine: Engine, config: Config) {
    this.engine = engine;
    this.config = config;
    this.policies = new Set(config.inputs.map(({ policy }) => policy));
    this.watchSteps();
    this.look();
  }

  /**
   * Records each eviction as it is requested, and each rung that acts on what is admitted, since a gate may open, the rungs above
   * shed, and the ladder come down in one step.
   */
  private watchSteps(): void {
    const { buffer, ladders } = this.engine;
    const actingOn = ladders.actingOn.bind(ladders);
    ladders.actingOn = (policy, targets) => {
      const rungs = actingOn(policy, targets);
      if (rungs.sample) this.acted.get(policy)?.add("sampled");
      return rungs;
    };
    const evict = buffer.evict.bind(buffer);
    buffer.evict = (policy, bytes, order) => {
      if (!this.inForce(policy).includes(order)) fail(`${policy} drops ${order}, and its ladder does no such thing`);
      this.acted.get(policy)?.add(order);
      evict(policy, bytes, order);
    };
  }

  /** Called when a ladder changes its rung. Both the old and the new rung may have shed. */
  moved(policy: string): void {
    for (const shed of this.inForce(policy)) this.acted.get(policy)?.add(shed);
  }

  private inForce(policy: string): Shed[] {
    const { sample, rate, drop } = this.engine.ladders.acting(policy);
    const shed: Shed[] = [];
    if (sample) shed.push("sampled");
    if (rate?.excess === "drop") shed.push("rate");
    if (drop) shed.push(drop.action.slice("drop-".length) as Shed);
    // Drops that the disk was asked for are counted only when it answers.
    if ((stateOf(this.engine).shares.get(policy)?.promised ?? 0) > 0) shed.push("oldest", "random");
    for (const lease of stateOf(this.engine).leases) {
      for (const { marked, envelope } of leasedIn(lease))
        if (marked !== undefined && envelope.policy === policy)
          shed.push(FATES[marked]?.replace("dropped.", "") as Shed);
    }
    if (this.config.buffer.maxAge > 0) shed.push("age");
    return shed;
  }

  /** Called after every step. */
  check(): void {
    for (const { id, policy } of this.config.inputs) {
      for (const [shed, records] of this.shedOf(id)) {
        const before = this.counts.get(id)?.get(shed) ?? 0;
        if (records === before || this.acted.get(policy)?.has(shed) || this.inForce(policy).includes(shed)) continue;
        fail(`${id}: ${records - before} records are lost (${shed}), and its ladder does no such thing`);
      }
    }
    this.look();
  }

  /** @param nowMs time of the simulation's clock */
  checkWaits(nowMs: number): void {
    const reasons = this.engine.intake.waiting();
    if (reasons.size === 0) return this.waits.clear();
    // A ladder limited by a budget that has shrunk sheds nothing, and its backlog may block every input.
    if ([...this.engine.ladders.all()].some(({ limited }) => limited)) return this.waits.clear();
    const { ledger } = stateOf(this.engine);
    for (const { id, policy } of this.config.inputs) {
      const reason = reasons.get(id);
      const last = this.config.policies[policy]?.at(-1);
      const drops = last?.action === "drop-oldest" || last?.action === "drop-random";
      const waits = reason === "share" || reason === "memory" || reason === "stage";
      if (!drops || !waits) {
        this.waits.delete(id);
        continue;
      }
      // A wait may end and the next one begin in one step: then more was read.
      const records = ledger.of(id).read.records;
      const before = this.waits.get(id);
      const wait = before?.records === records ? before : { since: nowMs, records };
      this.waits.set(id, wait);
      const waitedMs = nowMs - wait.since;
      if (waitedMs <= MOST_WAITED_MS) continue;
      fail(`${id} waits for room (${reason}) for ${waitedMs} ms, and the last rung of ${policy} drops`);
    }
  }

  private look(): void {
    for (const { id } of this.config.inputs) this.counts.set(id, this.shedOf(id));
    for (const policy of this.policies) this.acted.set(policy, new Set(this.inForce(policy)));
  }

  /** What was shed of an input so far, in records. */
  private shedOf(input: string): Map<Shed, number> {
    const { fates } = stateOf(this.engine).ledger.of(input);
    return new Map(SHEDDING.map((shed, i) => [shed, fates[PLACES[i] as number]?.records ?? 0]));
  }
}

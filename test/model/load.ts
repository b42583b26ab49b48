// An outage, then 95 % load for ever: does the buffer leave spill mode, and stay out of it? The sink takes a fixed number
// of records a second, requests take a second or two, the disk is fine. Larger than the schedules, with the same rig.
import type { Lease } from "../../src/buffer/chunk.ts";
import { LARGEST, type Limits, Rig, UNIT } from "./rig.ts";
import { rng, violation } from "./schedule.ts";
import { RECORD, Violation } from "./world.ts";

const SECONDS = 900;
const LOAD = 0.95;
/** Records of the largest chunk. */
const MOST = 3;
/** How often a second every part gets its turn. */
const TURNS = 3;

/** @param perSecond records that the sink takes */
function limitsFor(perSecond: number, spare: number): Limits {
  const pool = (4 * perSecond + spare) * UNIT;
  const documents = Math.max(2 * MOST, Math.floor(perSecond / 2));
  const batch = documents * (RECORD + 256);
  const stage = Math.max(4 * LARGEST, pool >> 2);
  const leased = pool - stage - LARGEST;
  const quotas = {
    largest: LARGEST,
    bodies: 32 * UNIT,
    pool,
    page: LARGEST,
    stage,
    leased,
    slice: 16 * 12,
    letters: 64,
  };
  return { quotas: { ...quotas, ahead: 2 * batch, chunks: 1000 }, rowBudget: 1e7, batch };
}

class Load {
  private readonly rig: Rig;
  private readonly perSecond: number;
  private readonly outage: number;
  private readonly trip: number;
  /** When each request ends, and how: one that was sent in the outage fails. */
  private readonly ends = new Map<Lease, { readonly at: number; readonly how: "all" | "refused" }>();
  private owed = 0;
  private credit = 0;
  private second = 0;
  /** When spill mode was left first, and how often it was entered. */
  left: number | undefined;
  entered = 0;

  constructor(random: () => number) {
    const int = (n: number): number => Math.floor(random() * n);
    this.perSecond = 10 + int(10);
    this.outage = 10 + int(20);
    this.trip = 1 + int(2);
    this.rig = new Rig(random, limitsFor(this.perSecond, int(100)));
    this.rig.world.watch = "nothing";
  }

  run(): void {
    for (; this.second < SECONDS; this.second++) {
      this.rig.clock++;
      this.produce();
      const down = this.second < this.outage;
      this.credit = down ? 0 : Math.min(this.credit + this.perSecond, 3 * this.perSecond);
      for (let turn = 0; turn < TURNS; turn++) this.turn(down);
      if (this.second % 50 === 0) this.rig.check();
      if (this.second >= this.outage && this.rig.state.mode === "memory") this.left ??= this.second;
      if (this.left !== undefined && this.second > this.left + 50 && this.rig.state.mode !== "memory") {
        throw new Violation(`back in spill after ${this.second} s, left it after ${this.left} s`);
      }
      this.rig.sync();
    }
    const { rows } = this.rig.state;
    if (this.left === undefined) throw new Violation(`still in spill at the end, with ${rows.size} chunks in rows`);
    if (this.entered > 3) throw new Violation(`entered spill ${this.entered} times in one outage`);
    this.rig.crash(false);
  }

  private produce(): void {
    this.owed += LOAD * this.perSecond;
    while (this.owed >= 1) {
      const records = Math.min(1 + this.rig.int(MOST), Math.floor(this.owed));
      this.rig.world.at(this.rig.int(3)).length += records;
      this.owed -= records;
    }
  }

  private turn(down: boolean): void {
    const { rig } = this;
    while (rig.pageBegin()) rig.pageEnd();
    while (rig.lease());
    for (const lease of [...rig.state.leases]) this.request(lease, down);
    for (let more = true; more;) {
      more = false;
      for (let slot = 0; slot < 3; slot++) more = rig.append(rig.world.at(slot), MOST) || more;
    }
    rig.commit();
    rig.compose("regular");
    const before = rig.state.mode;
    rig.modes();
    if (before === "memory" && rig.state.mode === "spill") this.entered++;
  }

  private request(lease: Lease, down: boolean): void {
    const { rig } = this;
    if (lease.state === "wire") {
      const { at, how } = this.ends.get(lease) as { at: number; how: "all" | "refused" };
      if (at <= this.second) rig.end(lease, how);
      return;
    }
    const records = lease.chunks.reduce((sum, chunk) => sum + chunk.open, 0);
    if (!down && this.credit < records) return;
    if (!down) this.credit -= records;
    rig.send(lease);
    this.ends.set(lease, { at: this.second + this.trip, how: down ? "refused" : "all" });
  }
}

/** What goes wrong with the load of this seed, or undefined. */
export function load(seed: number): string | undefined {
  return violation(() => new Load(rng(seed)).run());
}

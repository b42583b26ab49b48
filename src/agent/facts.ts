// What the agent says of itself at one moment, gathered from its parts. Nothing is cached but what inputs say of their
// files, which costs a walk over all of them.
import { type Chunk, isOpen } from "../buffer/chunk.ts";
import type { Account } from "../buffer/ledger.ts";
import type { SpillBuffer } from "../buffer/spill-buffer.ts";
import type { Clock } from "../core/clock.ts";
import type { Count } from "../core/fate.ts";
import type { Config } from "../core/options.ts";
import type { FileInputStatus } from "../inputs/file/status.ts";
import type { Durations } from "../ops/durations.ts";
import type { Facts, InputFacts, LedgerFacts, PolicyFacts, State } from "../ops/facts.ts";
import type { Delivery } from "../pipeline/delivery.ts";
import type { LadderState, Ladders } from "../pipeline/ladders.ts";
import { acting } from "../policy/acting.ts";
import { count as upToNow } from "../policy/keeper.ts";
import { actionOf } from "../policy/ladder.ts";

export interface FactSources {
  readonly version: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly startedAt: number;
  readonly buffer: SpillBuffer;
  readonly ladders: Ladders;
  readonly delivery: Delivery;
  readonly durations: Durations;
  /** What was durable when this process started, by input. */
  readonly atStart: ReadonlyMap<string, Account>;
  readonly inputs: () => ReadonlyMap<string, FileInputStatus>;
  readonly state: () => State;
}

/** Inputs that are no longer configured, together. */
const RETIRED = "retired";

export function gatherFacts(sources: FactSources): Facts {
  const { buffer, ladders, clock, config } = sources;
  const policies = new Map([...ladders.all()].map((l) => [l.policy, policyFacts(sources, l)]));
  return {
    version: sources.version,
    state: sources.state(),
    uptimeMs: clock.now() - sources.startedAt,
    buffer: {
      mode: buffer.state.mode,
      utilization: Math.max(0, ...[...policies.values()].map((p) => p.utilization)),
      memoryBytes: buffer.state.arena.used,
      memoryMax: config.buffer.memory,
      diskBytes: buffer.diskBytes,
      diskMax: config.buffer.disk,
      oldestMs: oldestMs(sources),
    },
    policies,
    inputs: inputFacts(sources),
    output: outputFacts(sources),
  };
}

function oldestMs({ buffer, clock }: FactSources): number {
  const first = [buffer.state.rows, buffer.state.fresh].map((queue) => [...queue].find(isOpen)?.readAtMs ?? Infinity);
  const oldest = Math.min(...first);
  return oldest === Infinity ? 0 : Math.max(0, clock.wall() - oldest);
}

function policyFacts({ ladders, clock }: FactSources, state: LadderState): PolicyFacts {
  const standing = upToNow(state.ladder, state.standing, clock.now());
  const now = acting(state.ladder, standing);
  return {
    action: actionOf(state.ladder, standing.rung),
    rung: standing.rung,
    utilization: ladders.utilization(state.share),
    sinceMs: state.sinceWallMs,
    shedding: now.sample !== undefined || now.drop !== undefined || now.rate?.excess === "drop",
    actionMs: standing.msPerAction,
  };
}

function inputFacts({ buffer, config, atStart, inputs }: FactSources): Map<string, InputFacts> {
  const buffered = bufferedByInput(buffer);
  const files = inputs();
  const facts = new Map<string, InputFacts>();
  const configured = new Set(config.inputs.map((i) => i.id));
  for (const id of configured) {
    facts.set(id, ledgerOnly(ledger(buffer.state.ledger.of(id), buffered.get(id)), atStart.get(id), files.get(id)));
  }
  for (const [id, account] of buffer.state.ledger) {
    if (configured.has(id)) continue;
    const own = ledgerOnly(ledger(account, buffered.get(id)), atStart.get(id), undefined);
    const before = facts.get(RETIRED);
    facts.set(
      RETIRED,
      before ? { ...own, ledger: sum(before.ledger, own.ledger), atStart: sum(before.atStart, own.atStart) } : own,
    );
  }
  return facts;
}

const NO_UNREAD = { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 };

function ledgerOnly(now: LedgerFacts, before: Account | undefined, status: FileInputStatus | undefined): InputFacts {
  const empty = { ...now, read: none(), fates: now.fates.map(none), buffered: none() };
  return {
    files: status?.files ?? 0,
    open: status?.open ?? 0,
    lagBytes: status?.lagBytes ?? 0,
    lagMs: (status?.lagSeconds ?? 0) * 1000,
    rotatedBytes: status?.rotatedBytes ?? 0,
    atRiskBytes: status?.atRiskBytes ?? 0,
    unread: status?.unread ?? NO_UNREAD,
    rereadFiles: status?.rereadFiles ?? 0,
    ledger: now,
    atStart: before ? { ...before, buffered: none() } : empty,
  };
}

function none(): Count {
  return { records: 0, bytes: 0 };
}

function ledger({ read, fates }: Account, buffered: Count = none()): LedgerFacts {
  return { read, fates, buffered };
}

function plus(a: Count, b: Count): Count {
  return { records: a.records + b.records, bytes: a.bytes + b.bytes };
}

function sum(a: LedgerFacts, b: LedgerFacts): LedgerFacts {
  return {
    read: plus(a.read, b.read),
    fates: a.fates.map((c, i) => plus(c, b.fates[i] as Count)),
    buffered: plus(a.buffered, b.buffered),
  };
}

/** Summed from the chunks held, never derived from the rest. */
function bufferedByInput({ state }: SpillBuffer): Map<string, Count> {
  const buffered = new Map<string, Count>();
  const add = (chunk: Chunk): void => {
    const own = buffered.get(chunk.source.input) ?? none();
    own.records += chunk.open;
    own.bytes += chunk.openBytes;
    buffered.set(chunk.source.input, own);
  };
  for (const chunk of state.rows) add(chunk);
  for (const chunk of state.fresh) add(chunk);
  return buffered;
}

function outputFacts({ delivery, durations }: FactSources): Facts["output"] {
  const { sink } = delivery;
  return {
    server: sink.server,
    concurrencyLimit: sink.limit,
    inFlight: sink.inFlight,
    retrying: delivery.retrying,
    circuit: sink.breaker.circuit,
    lastError: sink.lastError,
    requests: sink.requests,
    requestsFailed: sink.failed,
    bodyBytes: sink.bodyBytes,
    wireBytes: sink.wireBytes,
    items: sink.items,
    unexpectedDuplicates: sink.unexpectedDuplicates,
    durations,
  };
}

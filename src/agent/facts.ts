// Gathers the agent's facts at one moment from its parts. Only the inputs' file statuses are cached, because they cost a walk
// over all unread files.
import { type Account, emptyAccount } from "../buffer/ledger/ledger.ts";
import type { Clock } from "../core/clock.ts";
import type { Count } from "../core/fate.ts";
import type { Config } from "../core/options.ts";
import type { FileInputStatus } from "../inputs/file/status.ts";
import type { Durations } from "../ops/durations.ts";
import {
  type Facts,
  type InputFacts,
  type LedgerFacts,
  type PolicyFacts,
  RETIRED,
  type State,
  type TargetFacts,
} from "../ops/facts.ts";
import { sumLedgers } from "../ops/ledger-status.ts";
import type { LadderState } from "../pipeline/ladders.ts";
import { count as upToNow } from "../policy/keeper.ts";
import { actionOf } from "../policy/ladder.ts";
import type { CountedFrom } from "./counted-from.ts";
import type { Engine } from "./engine.ts";
import { meaning } from "./transitions.ts";

export interface FactSources {
  readonly version: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly startedAt: number;
  readonly engine: Engine;
  readonly durations: Durations;
  readonly counted: CountedFrom;
  readonly inputs: ReadonlyMap<string, FileInputStatus>;
  readonly state: State;
}

export function gatherFacts(sources: FactSources): Facts {
  const { engine, clock, config } = sources;
  const figures = engine.buffer.figures();
  const policies = new Map([...engine.ladders.all()].map((l) => [l.policy, policyFacts(sources, l)]));
  const { oldestMs } = figures;
  return {
    version: sources.version,
    state: sources.state,
    uptimeMs: clock.now() - sources.startedAt,
    buffer: {
      mode: figures.mode,
      utilization: Math.max(0, ...[...policies.values()].map((p) => p.utilization)),
      memoryBytes: figures.memoryBytes,
      memoryMax: config.buffer.memory,
      diskBytes: figures.diskBytes,
      diskMax: config.buffer.disk,
      oldestMs: oldestMs === undefined ? 0 : Math.max(0, clock.wall() - oldestMs),
      aside: figures.aside,
    },
    policies,
    inputs: inputFacts(sources, figures),
    output: outputFacts(sources, figures),
  };
}

type Figures = ReturnType<Engine["buffer"]["figures"]>;

function policyFacts({ engine, clock }: FactSources, state: LadderState): PolicyFacts {
  const standing = upToNow(state.ladder, state.standing, clock.now());
  const now = engine.ladders.acting(state.policy);
  const actions = ["accept", ...state.ladder.map((rung) => rung.action)];
  return {
    action: actionOf(state.ladder, standing.rung),
    rung: standing.rung,
    utilization: engine.ladders.utilization(state.policy),
    sinceMs: state.sinceWallMs,
    shedding: now.sample !== undefined || now.drop !== undefined || now.rate?.excess === "drop",
    actionMs: { ...Object.fromEntries(actions.map((action) => [action, 0])), ...standing.msPerAction },
    marks: state.ladder.map((rung) => ({ action: rung.action, enter: rung.enter, says: meaning(rung) })),
    forecast: state.trend.forecast,
  };
}

function inputFacts(
  { engine, config, counted, inputs }: FactSources,
  { accounts, buffered }: Figures,
): Facts["inputs"] {
  const facts = new Map<string, InputFacts>();
  const waiting = engine.intake.waiting();
  for (const { id } of config.inputs) {
    const own = ledger(accounts.get(id) ?? emptyAccount(), buffered.get(id));
    const from = counted.own.get(id) ?? emptyAccount();
    facts.set(id, { ...ledgerOnly(own, from, inputs.get(id)), waiting: waiting.get(id) });
  }
  const others = [...accounts].filter(([id]) => !facts.has(id));
  const retired = sumLedgers(others.map(([id, account]) => ledger(account, buffered.get(id))));
  if (others.length > 0) facts.set(RETIRED, ledgerOnly(retired, counted.retired, undefined));
  return facts;
}

const NO_UNREAD = { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 };

function ledgerOnly(now: LedgerFacts, from: Account, status: FileInputStatus | undefined): InputFacts {
  return {
    files: status?.files ?? 0,
    open: status?.open ?? 0,
    lagBytes: status?.lagBytes ?? 0,
    lagMs: (status?.lagSeconds ?? 0) * 1000,
    rotatedBytes: status?.rotatedBytes ?? 0,
    atRiskBytes: status?.atRiskBytes ?? 0,
    unread: status?.unread ?? NO_UNREAD,
    failures: status?.failures ?? 0,
    refusedLinks: status?.refusedLinks ?? 0,
    waiting: undefined,
    ledger: now,
    countedFrom: from,
  };
}

function none(): Count {
  return { records: 0, bytes: 0 };
}

function ledger({ read, fates }: Account, buffered: Count = none()): LedgerFacts {
  return { read, fates, buffered };
}

function outputFacts({ engine, config, durations }: FactSources, figures: Figures): Facts["output"] {
  const { delivery } = engine;
  const { metrics, status, lanes } = delivery;
  return {
    server: status.server,
    concurrencyLimit: delivery.limit,
    inFlight: metrics.inFlight,
    retrying: lanes.retrying,
    circuit: delivery.circuit,
    lastError: status.lastError,
    lastErrorAtMs: status.lastErrorAtMs,
    requests: metrics.requests,
    failures: metrics.failures,
    up: status.reachable,
    storedAtMs: status.settledAtMs,
    bodyBytes: metrics.bodyBytes,
    wireBytes: delivery.output.wireBytes,
    hosts: delivery.output.hosts,
    items: metrics.items,
    unexpectedDuplicates: metrics.unexpectedDuplicates,
    failureStored: metrics.failureStored,
    deadLetters: { ...figures.deadLetters, max: config.output.deadLetters },
    durations,
    targets: targetFacts(engine, figures),
  };
}

function targetFacts({ delivery }: Engine, { targets }: Figures): ReadonlyMap<string, TargetFacts> {
  const lanes = new Map([...delivery.lanes].map((lane) => [lane.target, lane]));
  const facts = new Map<string, TargetFacts>();
  for (const { target, stuck, records, bytes } of targets) {
    const { trouble, isHeld = false } = lanes.get(target) ?? {};
    facts.set(target, { stuck: stuck || isHeld, records, bytes, trouble });
  }
  return facts;
}

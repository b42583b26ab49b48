// Computes a demo run without an agent: the buffer fills when more comes in than goes out, and the ladder follows. It is
// deterministic, so its screens can be stored and compared.
import { actAt } from "../../../src/cli/demo/acts.ts";
import { type Decision, History } from "../../../src/cli/demo/history.ts";
import type { DemoView } from "../../../src/cli/demo/view.ts";
import { DELIVERED, DROPPED_OLDEST, FATES, SAMPLED, type Count } from "../../../src/core/fate.ts";
import type { Ladder } from "../../../src/core/options.ts";
import { buildStatus, type Status } from "../../../src/ops/status.ts";
import { actionOf, climb } from "../../../src/policy/ladder.ts";
import { sampleFacts, sampleInput } from "../../ops/sample-facts.ts";

export const LADDER: Ladder = [
  { action: "block", enter: 0.7, leave: 0.6, notify: undefined, until: { waited: undefined, atRisk: 1 << 20 } },
  { action: "sample", enter: 0.85, leave: 0.7, notify: undefined, keep: 4, always: "warn" },
  { action: "drop-oldest", enter: 0.95, leave: 0.85, notify: undefined },
];
export const TOTAL_MS = 60_000;
const STEP_MS = 250;
const BUDGET = 16 * 2 ** 20;
const RECORD = 100;

interface World {
  rung: number;
  since: number;
  produced: number;
  readonly fates: Count[];
  readonly buffered: Count;
}

/** Returns the view at `untilMs` of the demo. `each` gets every view up to then. */
export function play(untilMs: number, each: (view: DemoView) => void = () => {}): DemoView {
  const history = new History();
  const world: World = { rung: 0, since: 0, produced: 0, fates: FATES.map(zero), buffered: zero() };
  const moment = { ladder: LADDER, switched: undefined, spanMs: TOTAL_MS, url: "http://127.0.0.1:9650/" };
  let view: DemoView | undefined;
  for (let now = 0; now <= untilMs; now += STEP_MS) {
    const act = actAt(now, TOTAL_MS);
    // The demo's rates, scaled to a buffer that fills within a test.
    const out = act?.act.faults === "" ? 6e6 : 3e5;
    const before = world.rung;
    step(world, (act?.act.produce ?? 0) / 2, out / 2, now);
    const status = statusOf(world);
    history.add(status, world.produced, now, decisions(before, world));
    const stored = status.ledger.delivered.records;
    view = { ...moment, status, history, stored, elapsedMs: now, act };
    each(view);
  }
  return view as DemoView;
}

function decisions(before: number, { rung, buffered }: World): Decision[] {
  if (rung === before) return [];
  const [from, to] = [actionOf(LADDER, before), actionOf(LADDER, rung)];
  return [{ from, to, direction: rung > before ? "up" : "down", utilization: buffered.bytes / BUDGET }];
}

function zero(): Count {
  return { records: 0, bytes: 0 };
}

function step(world: World, produce: number, consume: number, now: number): void {
  const seconds = STEP_MS / 1000;
  world.produced += produce * seconds;
  const action = actionOf(LADDER, world.rung);
  const arriving = Math.floor((produce * seconds) / RECORD);
  // While blocked, half of the input is still read: the bytes at risk.
  const read = action === "block" ? Math.floor(arriving / 2) : arriving;
  const sampled = action === "sample" || action === "drop-oldest" ? Math.floor(read / 2) : 0;
  add(world.fates[SAMPLED] as Count, sampled);
  add(world.buffered, read - sampled);
  move(world.buffered, world.fates[DELIVERED] as Count, Math.floor((consume * seconds) / RECORD));
  const over = world.buffered.records - Math.floor((BUDGET * 0.97) / RECORD);
  if (over > 0) move(world.buffered, world.fates[DROPPED_OLDEST] as Count, over);
  const next = climb(LADDER, world.rung, world.buffered.bytes / BUDGET);
  if (next !== world.rung) world.since = now;
  world.rung = next;
}

function add(to: Count, records: number): void {
  to.records += records;
  to.bytes += records * RECORD;
}

function move(from: Count, to: Count, wanted: number): void {
  const records = Math.min(wanted, from.records);
  add(from, -records);
  add(to, records);
}

function statusOf(world: World): Status {
  const all = [...world.fates, world.buffered];
  const read = {
    records: all.reduce((sum, count) => sum + count.records, 0),
    bytes: all.reduce((sum, count) => sum + count.bytes, 0),
  };
  const utilization = world.buffered.bytes / BUDGET;
  const ledger = { read, fates: world.fates, buffered: world.buffered };
  const facts = sampleFacts({ inputs: new Map([["demo", { ...sampleInput(0), ledger }]]) });
  return buildStatus({
    ...facts,
    buffer: {
      ...facts.buffer,
      memoryBytes: 6 << 20,
      memoryMax: 8 << 20,
      diskBytes: world.buffered.bytes,
      diskMax: BUDGET,
    },
    policies: new Map([
      [
        "default",
        {
          action: actionOf(LADDER, world.rung),
          rung: world.rung,
          utilization,
          sinceMs: world.since,
          shedding: world.rung > 1,
          actionMs: {},
          marks: LADDER.map(({ action, enter }) => ({ action, enter, says: action })),
          forecast: { kind: "unknown" },
        },
      ],
    ]),
  });
}

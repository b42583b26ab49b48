// Random schedules: sixty steps of the adversary, then an epilogue in which every part of the agent gets its turn and the
// environment has one fixed fault, then a full drain.
import type { Lease } from "../../src/buffer/chunk.ts";
import { isOpen } from "../../src/buffer/chunk.ts";
import type { Share } from "../../src/buffer/shares.ts";
import { noticeGone } from "../../src/buffer/sources.ts";
import { Rig, SMALL, SMALL_ON_SQLITE, arena, renewArena } from "./rig.ts";
import { SqliteDisk } from "./sqlite-disk.ts";
import { RECORD, Violation } from "./world.ts";

export function rng(seed: number): () => number {
  let s = seed;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const STEPS = 60;

function pick<T>(rig: Rig, items: readonly T[]): T | undefined {
  return items[rig.int(items.length)];
}

/** Weights of the adversary's actions; they add up to 100. */
const ACTIONS: readonly (readonly [number, (rig: Rig) => void])[] = [
  [
    22,
    (r) => {
      const g = r.world.at(r.int(3));
      if (!g.gone) g.length += r.int(4);
      r.append(pick(r, r.world.generations) ?? g, 1 + r.int(3));
    },
  ],
  [12, (r) => void r.lease()],
  [12, (r) => withLease(r, (l) => r.send(l))],
  [
    14,
    (r) =>
      withLease(
        r,
        (l) => l.state === "wire" && r.end(l, pick(r, ["all", "all", "some", "refused", "lost"] as const) ?? "all"),
      ),
  ],
  [2, (r) => withLease(r, (l) => r.release(l))],
  [2, (r) => r.evict(r.int(12) * 16)],
  [8, (r) => void r.compose(r.int(4) === 0 ? "probe" : "regular")],
  [8, (r) => r.commit()],
  [
    2,
    (r) => {
      if (r.state.mode === "memory") r.state.mode = "spill";
    },
  ],
  [2, (r) => r.modes()],
  [2, (r) => void r.pageBegin()],
  [2, (r) => r.pageEnd()],
  [
    2,
    (r) => {
      r.world.disk = r.world.disk === "ok" ? (pick(r, ["full", "dead"] as const) ?? "full") : "ok";
      if (r.world.disk === "dead") r.world.orderFree = true;
    },
  ],
  [4, (r) => vanish(r)],
  [
    2,
    (r) => {
      const [l] = r.late.splice(r.int(r.late.length), 1);
      if (l) r.world.store(l.source, l.record);
    },
  ],
  [
    1,
    (r) => {
      r.crash(false);
      r.restart();
    },
  ],
  [
    1,
    (r) => {
      r.crash(true);
      r.restart();
    },
  ],
  [
    1,
    (r) => {
      if (r.int(3) === 0) r.stop();
      else r.sync();
    },
  ],
  [
    1,
    (r) => {
      r.sampling = !r.sampling;
    },
  ],
];

function withLease(r: Rig, run: (lease: Lease) => unknown): void {
  const lease = pick(r, [...r.state.leases]);
  if (lease) run(lease);
}

function vanish(r: Rig): void {
  const slot = r.int(3);
  const g = r.world.at(slot);
  if (r.world.generations.length > 7) return notice(r);
  g.length += r.int(8);
  g.gone = pick(r, ["unlinked", "unlinked", "truncated"] as const) ?? "unlinked";
  if (g.gone === "truncated") g.length = r.source(g).position / RECORD;
  r.discover(r.world.newGeneration(slot));
  if (r.int(2)) notice(r, g);
}

function notice(r: Rig, g = pick(r, r.world.generations)): void {
  if (g && g.gone && r.knows(g)) noticeGoneOf(r, g);
}

function step(r: Rig): void {
  r.clock++;
  let x = r.int(100);
  for (const [weight, run] of ACTIONS) {
    if (x < weight) {
      run(r);
      break;
    }
    x -= weight;
  }
  r.check();
}

interface Epilogue {
  readonly name: string;
  readonly disk: "ok" | "full" | "dead";
  readonly sink: "ok" | "dead";
  readonly evicts: boolean;
  readonly done: (r: Rig) => boolean;
}

const lag = (r: Rig): boolean =>
  r.world.generations.some((g) => r.knows(g) && g.gone !== "truncated" && g.length * RECORD > r.source(g).position);
const anyOpen = (r: Rig): boolean => r.state.open > 0;

const EPILOGUES: readonly (Epilogue | undefined)[] = [
  undefined,
  {
    name: "disk dead, sink fine",
    disk: "dead",
    sink: "ok",
    evicts: false,
    done: (r) => !lag(r) && ![...r.state.rows, ...r.state.fresh].some((c) => isOpen(c) && c.region),
  },
  {
    name: "disk full but readable, sink fine",
    disk: "full",
    sink: "ok",
    evicts: false,
    done: (r) => !lag(r) && !anyOpen(r),
  },
  { name: "sink dead, disk fine, drop-oldest", disk: "ok", sink: "dead", evicts: true, done: (r) => !lag(r) },
  { name: "both dead, drop-oldest", disk: "dead", sink: "dead", evicts: true, done: (r) => !lag(r) },
];

/** One round in which every part gets its turn, in random order. */
function fairRound(r: Rig, sink: "ok" | "dead", evicts: boolean): void {
  r.clock++;
  for (const g of r.world.generations) if (g.gone && r.knows(g)) noticeGoneOf(r, g);
  for (const l of [...r.state.leases]) {
    if (l.state === "wire")
      r.end(l, sink === "ok" ? (r.random() < 0.8 ? "all" : "some") : r.random() < 0.5 ? "refused" : "lost");
    else r.send(l);
  }
  const parts = [
    () => {
      r.commit();
      r.compose(r.state.mode === "degraded" ? "probe" : "regular");
    },
    () => {
      for (let k = 0; k < 20 && (r.pages.length > 0 || r.pageBegin()); k++) r.pageEnd();
    },
    () => {
      while (r.lease());
    },
    () => r.modes(),
    () => read(r, evicts),
  ];
  while (parts.length > 0) {
    parts.splice(r.int(parts.length), 1)[0]?.();
    r.check();
  }
}

function read(r: Rig, evicts: boolean): void {
  for (const g of r.world.generations) {
    if (!r.knows(g) || g.length * RECORD <= r.source(g).position) continue;
    if (!r.append(g, 3) && evicts) shed(r);
  }
}

/** As a drop-oldest rung does: what the open chunks occupy above its mark, of the budget that binds. */
function shed(r: Rig): void {
  const { quotas, rowBudget } = r.limits;
  const { disk, memory } = r.state.shares.get("default") as Share;
  const over = r.state.mode === "degraded" ? memory - (quotas.pool - 2 * quotas.page) : disk - rowBudget;
  if (over > 0) r.evict(over);
}

function noticeGoneOf(r: Rig, g: Rig["world"]["generations"][number]): void {
  noticeGone(r.state, r.source(g));
}

function until(r: Rig, what: Omit<Epilogue, "disk">): void {
  for (let k = 0; k < 300; k++) {
    if (what.done(r)) return;
    fairRound(r, what.sink, what.evicts);
  }
  throw new Violation(
    `no progress: ${what.name}; mode ${r.state.mode}, ${r.state.open} open, ${r.state.unloaded.size} unloaded`,
  );
}

function epilogue(r: Rig, seed: number): void {
  for (let s = 0; s < 3; s++) if (!r.world.at(s).gone) r.world.at(s).length += 12 + r.int(12) * Number(seed % 5 === 2);
  const kind = EPILOGUES[seed % 5];
  if (kind) {
    r.world.disk = kind.disk;
    if (kind.disk === "dead") r.world.orderFree = true;
    until(r, kind);
  }
  r.world.disk = "ok";
  const drained = (): boolean =>
    !lag(r) && r.state.rows.size === 0 && r.state.fresh.size === 0 && r.state.mode === "memory";
  until(r, { name: "drain", sink: "ok", evicts: false, done: drained });
  for (const l of r.late) r.world.store(l.source, l.record);
  for (const g of r.world.generations) {
    const checkpoint = r.world.db.sources.get(g.id)?.checkpoint ?? 0;
    if (!g.gone && checkpoint !== g.length * RECORD)
      throw new Violation(`drained, but checkpoint ${checkpoint} of ${g.length * RECORD}`);
  }
  r.crash(false);
}

/** The violation that the schedule of this seed finds, or undefined. @param on what commits go to */
export function schedule(seed: number, on: "memory" | "sqlite" = "memory"): string | undefined {
  const disk = on === "sqlite" ? new SqliteDisk(arena()) : undefined;
  try {
    const rig = new Rig(rng(seed), disk ? SMALL_ON_SQLITE : SMALL, disk);
    return violation(() => {
      for (let k = 0; k < STEPS; k++) step(rig);
      epilogue(rig, seed);
    });
  } finally {
    disk?.close();
  }
}

/** What a run of the rig is stopped by: a check of the rig, or one of the buffer's own. */
export function violation(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    renewArena();
    if (error instanceof Violation) return error.message;
    if (error instanceof Error && error.message.startsWith("BUG")) return error.message;
    throw error;
  }
}

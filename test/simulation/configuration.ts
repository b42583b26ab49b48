// Random legal configurations, small enough to hit every limit, and random changes of the configuration at a restart.
import type { EngineLimits } from "../../src/agent/engine.ts";
import { type Quotas } from "../../src/buffer/budget/limits.ts";
import { Arena } from "../../src/core/arena.ts";
import { TABLE_ENTRY } from "../../src/core/chunk.ts";
import type { Config, InputOptions, Ladder, Rung } from "../../src/core/options.ts";
import { ladderFaults } from "../../src/policy/ladder.ts";
import { outputOptions } from "../helpers/output-options.ts";
import type { RecordKind } from "./files.ts";
import type { Dice } from "./violation.ts";

/** A configuration, and what the simulation needs besides. */
export interface SimConfig {
  readonly config: Config;
  readonly limits: EngineLimits;
  /** Size of the arena in bytes. */
  readonly memory: number;
  readonly records: ReadonlyMap<string, RecordKind>;
  /** Number of files of each input. */
  readonly files: ReadonlyMap<string, number>;
}

const KIB = 1024;
/** Size of one read in bytes. The largest record fits. */
export const READ = 12 * KIB;
const LARGEST = Arena.cost(READ) + Arena.cost(400 * TABLE_ENTRY);

export interface SimInputSpec {
  readonly id: string;
  readonly policy?: string;
  readonly index?: string;
  readonly records?: RecordKind;
  readonly files?: number;
}

export interface SimSpec {
  readonly inputs: readonly SimInputSpec[];
  readonly policies?: Readonly<Record<string, Ladder>>;
  readonly shares?: Readonly<Record<string, number>>;
  /** Bytes. */
  readonly memory?: number;
  readonly disk?: number;
  readonly batch?: number;
  /** Milliseconds. */
  readonly batchAge?: number;
  readonly maxAge?: number;
  readonly grace?: number;
  readonly concurrency?: "auto" | number;
  readonly order?: "oldest" | "newest";
}

/** Makes the configuration of one scenario. */
export function configOf(spec: SimSpec): SimConfig {
  const { memory = 256 * KIB, disk = 2000 * KIB, batch = 16 * KIB, maxAge = 0, shares = {} } = spec;
  const inputs = spec.inputs.map(({ id, policy = "default", index = "i1" }) => input(id, policy, index));
  const used = new Set(inputs.map(({ policy }) => policy));
  const output = outputOptions({
    hosts: ["http://nowhere"],
    batch: { bytes: batch, records: 200, age: spec.batchAge ?? 50 },
    concurrency: spec.concurrency ?? "auto",
    order: spec.order ?? "oldest",
  });
  const config: Config = {
    inputs,
    buffer: { path: "/nowhere", memory, disk, shares, maxAge },
    policies: Object.fromEntries([...used].map((name) => [name, spec.policies?.[name] ?? []])),
    output,
    admin: { listen: "off", hosts: [] },
    shutdown: { grace: spec.grace ?? 0, readToEnd: false },
    log: { level: "info" },
  };
  const records = spec.inputs.map(({ id, records: kind }) => [id, kind ?? { size: [50, 150], wide: 0 }] as const);
  const files = spec.inputs.map(({ id, files: many }) => [id, many ?? 1] as const);
  return { config, memory, limits: limitsFor(memory, disk, batch), records: new Map(records), files: new Map(files) };
}

/** @param later see Simulation */
export function randomConfig(dice: Dice, later: Dice | undefined): SimConfig {
  const memory = dice.pick([192, 256, 384]) * KIB;
  const names = ["a", "b", "c", "d"].slice(0, 1 + dice.int(4));
  const ladders = ["default", "other"].slice(0, 1 + dice.int(2));
  const many = dice.chance(0.1);
  const records = new Map<string, RecordKind>();
  const files = new Map<string, number>();
  const inputs = names.map((id) => {
    records.set(id, randomRecords(dice));
    files.set(id, many ? 10 + dice.int(40) : 1 + dice.int(4));
    return input(id, dice.pick(ladders), dice.pick(["i1", "i2", "i3"]));
  });
  const used = [...new Set(inputs.map(({ policy }) => policy))];
  const policies = Object.fromEntries(used.map((name) => [name, randomLadder(dice)]));
  const disk = dice.chance(0.15) ? 0 : dice.pick([300, 600, 2000]) * KIB;
  const shares = used.length === 2 && dice.chance(0.5) ? { [used[0] as string]: dice.pick([0.2, 0.5, 0.8]) } : {};
  const batch = dice.pick([8, 16, 24]) * KIB;
  const output = outputOptions({
    hosts: ["http://nowhere"],
    batch: { bytes: batch, records: dice.pick([20, 200]), age: dice.pick([50, 1000]) },
    concurrency: dice.pick(["auto", 1, 3]),
    rate: dice.chance(0.1) ? 200 * KIB : 0,
    order: randomOrder(later),
  });
  const maxAge = dice.chance(0.1) ? dice.pick([20_000, 120_000]) : 0;
  const config: Config = {
    inputs,
    buffer: { path: "/nowhere", memory, disk, shares, maxAge },
    policies,
    output,
    admin: { listen: "off", hosts: [] },
    shutdown: { grace: dice.pick([0, 5000]), readToEnd: false },
    log: { level: "info" },
  };
  return { config, memory, limits: limitsFor(memory, disk, batch), records, files };
}

function randomOrder(later: Dice | undefined): "oldest" | "newest" {
  return later?.chance(0.5) ? "newest" : "oldest";
}

function randomRecords(dice: Dice): RecordKind {
  const kind = dice.int(10);
  if (kind === 0) return { size: [0, 6000], wide: 0.5 };
  if (kind === 1) return { size: [2000, 10_000], wide: 0.1 };
  return { size: [0, 200], wide: 0.01 };
}

function input(id: string, policy: string, index: string): InputOptions {
  return {
    ...{ id, type: "file", paths: [], exclude: [], start: "beginning", format: "text", encoding: "utf-8" },
    ...{
      multiline: undefined,
      partialTimeout: 0,
      timestamp: undefined,
      includeLines: [],
      excludeLines: [],
      redact: [],
    },
    ...{ maxRecord: READ, oversize: "truncate", ignoreOlder: 0, held: 1 << 30, fields: {}, index, policy },
  } as InputOptions;
}

/** Rungs in ascending order. `block` without `until` comes last, since no rung above it could be reached. */
export function randomLadder(dice: Dice): Ladder {
  const marks = [0.3, 0.5, 0.7, 0.85, 0.95].filter(() => dice.chance(0.5));
  const actions = ["block", "rate-limit", "sample", "drop-newest", "drop-random", "drop-oldest"] as const;
  const used = new Set<string>();
  const rungs: Rung[] = [];
  for (const enter of marks) {
    const action = dice.pick(actions);
    if (used.has(action) || (action.startsWith("drop") && [...used].some((other) => other.startsWith("drop"))))
      continue;
    used.add(action);
    const base = { enter, leave: enter - dice.pick([0.05, 0.2]), notify: undefined };
    if (action === "block") {
      const until = dice.chance(0.7)
        ? { waited: dice.pick([undefined, 20_000]), atRisk: dice.pick([2000, 50_000]) }
        : undefined;
      rungs.push({ ...base, action, until });
      if (until === undefined) break;
    } else if (action === "rate-limit") {
      rungs.push({ ...base, action, rate: 20_000, burst: 20_000, excess: dice.pick(["wait", "drop"]) });
    } else if (action === "sample") rungs.push({ ...base, action, keep: dice.pick([2, 4]), always: undefined });
    else rungs.push({ ...base, action });
  }
  const orderly = rungs.map((rung, i) => ({ ...rung, leave: Math.max(rung.leave, rungs[i - 1]?.leave ?? 0) }));
  return ladderFaults(orderly).length === 0 ? orderly : [];
}

function limitsFor(memory: number, disk: number, batch: number): EngineLimits {
  const bodies = Math.max(batch, Math.floor((memory * 3) / 8));
  const pool = memory - bodies;
  const stage = Math.max(LARGEST, Math.floor(pool / 4));
  const fresh = 64;
  const quotas: Quotas = {
    ...{ largest: LARGEST, bodies, pool, page: LARGEST, stage, leased: pool - stage - LARGEST, slice: 20 * KIB },
    ...{ sliceRows: 24, ahead: 2 * batch, chunks: 10, fresh, window: 64, deadLetters: 4 * KIB },
    leastCharge: Math.floor((pool - LARGEST) / fresh),
  };
  return { quotas, rows: Math.floor(disk * 0.8) };
}

/**
 * What an operator might change between two starts: less memory, less disk or none, other policies, one input less, another
 * order.
 */
export function changed(before: SimConfig, dice: Dice, later: Dice | undefined): SimConfig {
  if (dice.chance(0.5)) return before;
  const { config } = before;
  const memory = dice.chance(0.3) ? dice.pick([128, 192, 256]) * KIB : before.memory;
  const disk = dice.chance(0.4) ? dice.pick([0, 100 * KIB, 300 * KIB, config.buffer.disk]) : config.buffer.disk;
  const used = [...new Set(config.inputs.map(({ policy }) => policy))];
  const other = dice.chance(0.2);
  const policies = other ? Object.fromEntries(used.map((name) => [name, randomLadder(dice)])) : config.policies;
  const inputs = dice.chance(0.2) && config.inputs.length > 1 ? config.inputs.slice(1) : config.inputs;
  const output = { ...config.output, order: randomOrder(later) };
  const left = new Set(inputs.map(({ policy }) => policy));
  const shares = left.size < used.length ? {} : config.buffer.shares;
  return {
    ...before,
    memory,
    config: { ...config, inputs, policies, buffer: { ...config.buffer, memory, disk, shares }, output },
    limits: limitsFor(memory, disk, config.output.batch.bytes),
  };
}

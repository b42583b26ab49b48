// Each rule of the buffer turned off in turn, as one change to the text of the real code: the rig must notice. A rule that
// can be turned off without anybody noticing is not tested, whatever the tests of it say. Numbers are those of the faults
// that the model of the buffer found in its first design; the known ones of every spool have none. Not here: the second
// half of D2, the id checked again at the send, which one schedule in millions needs (test/buffer/lease.test.ts); the
// notice at start (S1), which the input gives; rows and checkpoint in one transaction, which no process can see that
// does not die in between (test/crash).
import { join } from "node:path";
import { inMutatedTree, type Mutant } from "../helpers/mutant.ts";
import type { Hunted, Kind } from "./hunt.ts";
import { huntInChild } from "./hunters.ts";

export interface BufferMutant extends Mutant {
  /** What finds it; random schedules unless said otherwise. */
  readonly by?: Kind;
  /** Where the hunt begins, for one that is found by few seeds; else 1. */
  readonly firstSeed?: number;
}

const HOLDS = "const holds = firstHolds(state, new Set(added));";
const PASSED = `(c) => c.row === "no" && !isOpen(c) && c.start < checkpointOf(c.source, holds),`;

export const MUTANTS: readonly BufferMutant[] = [
  {
    name: "1: in spill mode the checkpoint is the read position",
    file: "buffer/writer.ts",
    from: HOLDS,
    to: `const holds = state.mode === "spill" ? new Map() : firstHolds(state, new Set(added));`,
  },
  {
    name: "2: a commit that fails has moved everything",
    file: "buffer/writer.ts",
    from: "export function failed(state: BufferState, writing: Writing): void {\n",
    to: `export function failed(state: BufferState, writing: Writing): void {
  committed(state, writing, { stored: writing.added.map(() => 1), size: 0 });
  writing = { ...writing, added: [] };
`,
  },
  {
    name: "2: a row brings the fates that its records have by now",
    file: "buffer/writer.ts",
    from: "deltas.fates(c.source.input, c.counted);",
    to: "deltas.fates(c.source.input, c.counted);\n    if (added.includes(c)) deltas.fates(c.source.input, c.settled);",
  },
  {
    name: "3: a new source id is committed without a sync",
    file: "buffer/writer.ts",
    from: "sources.some((s) => s.synced || !s.source.durable)",
    to: "sources.some((s) => s.synced)",
  },
  {
    name: "3: a source id counts as durable before the answer",
    file: "buffer/writer.ts",
    from: "const { id, input, identity, origin } = source;",
    to: "const { id, input, identity, origin } = source;\n  source.durable = true;",
  },
  {
    name: "4: a new source waits for its id in degraded mode too",
    file: "buffer/lease.ts",
    from: `if (state.mode !== "degraded" && !recorded(state, chunk)) return false;`,
    to: "if (!recorded(state, chunk)) return false;",
  },
  {
    name: "4: what time has ended is sent before it is a row",
    file: "buffer/lease.ts",
    from: `chunk.row === "yes" || state.rowBudget === 0`,
    to: "true",
  },
  {
    name: "5: rows of a chunk that cannot be read again are committed without a sync",
    file: "buffer/writer.ts",
    from: "added.some((c) => !c.replayable) || ",
    to: "",
  },
  {
    name: "5: old rows of a file that is gone are not synced",
    file: "buffer/sources.ts",
    from: "source.needsSync = true;",
    to: "",
  },
  {
    name: "6: rows hold the checkpoint in memory mode",
    file: "buffer/writer.ts",
    from: "for (const c of state.fresh) if (isOpen(c) && !added.has(c) && !holds.has(c.source)) holds.set(c.source, c);",
    to: `for (const c of [...(state.mode === "memory" ? state.rows : []), ...state.fresh])
    if (isOpen(c) && !added.has(c) && !holds.has(c.source)) holds.set(c.source, c);`,
  },
  {
    name: "7: the youngest chunks become rows first",
    file: "buffer/writer.ts",
    from: "const ordered = [...wanted.filter((c) => pressing.has(c.source)), ...wanted.filter((c) => !pressing.has(c.source))];",
    to: "const ordered = wanted.toReversed();",
  },
  {
    name: "8: spill mode is left whether the sink takes or not",
    file: "buffer/modes.ts",
    from: "if (state.unloaded.size > 0 || state.loading > 0 || !state.taking(STALL_MS)) return;",
    to: "if (state.unloaded.size > 0 || state.loading > 0) return;",
    by: "load",
  },
  {
    name: "8: spill mode is left when no row is left",
    file: "buffer/modes.ts",
    from: "if (state.unloaded.size > 0 || state.loading > 0 || !state.taking(STALL_MS)) return;",
    to: "if (state.rows.size > 0 || !state.taking(STALL_MS)) return;",
    by: "load",
  },
  {
    name: "9: bodies have no quota",
    file: "buffer/lease.ts",
    from: "if (state.bodies + limit.body > state.quotas.bodies) return undefined;",
    to: "",
  },
  {
    name: "9: intake leaves no room to load the head of the backlog",
    file: "buffer/room.ts",
    from: "return state.pool + size <= pool - page;",
    to: "return state.pool + size <= pool;",
    firstSeed: 43_000,
  },
  {
    name: "9: all chunks may be leased",
    file: "buffer/lease.ts",
    from: "(over && state.leased > 0)",
    to: "false",
  },
  {
    name: "9: loaded rows may take the stage",
    file: "buffer/paging.ts",
    from: "if (loaded > 0 && loaded + size > state.quotas.pool - state.quotas.stage) return undefined;",
    to: "",
  },
  {
    name: "10: rows are loaded by a cursor",
    file: "buffer/paging.ts",
    from: "const chunk = state.unloaded.first;",
    to: `const chunk = [...state.unloaded].find((c) => c.seq > ((state as any).cursor ?? 0));
  if (chunk) (state as any).cursor = chunk.seq;`,
  },
  {
    name: "11: without room for rows nothing is committed",
    file: "buffer/writer.ts",
    from: "const added = chooseRows(state);\n",
    to: `const added = chooseRows(state);
  if (state.mode !== "memory" && added.length === 0 && [...state.fresh].some(isOpen)) return undefined;\n`,
  },
  {
    name: "12: what was sampled is counted when the row is removed",
    file: "buffer/writer.ts",
    from: `deltas.fates(c.source.input, c.counted);
    losses.push(...sampleLosses(c, atMs));
  }
  for (const c of [...removed, ...passed]) {`,
    to: `losses.push(...sampleLosses(c, atMs));
  }
  for (const c of [...removed, ...passed]) {
    deltas.fates(c.source.input, c.counted);`,
  },
  {
    name: "13: what was settled meanwhile stays in its lease",
    file: "buffer/state.ts",
    from: "if (chunk.lease) leave(state, chunk);",
    to: "",
  },
  {
    name: "13: a chunk is dropped over the verdicts of its records",
    file: "buffer/state.ts",
    from: "const { open, openBytes } = chunk;",
    to: "const { records: open, bytes: openBytes } = chunk;",
  },
  {
    name: "14: a loss never says that it is uncertain",
    file: "buffer/losses.ts",
    from: "return losses(chunk, chunk.settled, atMs, chunk.maybe);",
    to: "return losses(chunk, chunk.settled, atMs, false);",
  },
  {
    name: "14: what is read again counts as never sent",
    file: "buffer/admit.ts",
    from: "maybe: draft.start < source.rereadLimit,",
    to: "maybe: false,",
  },
  {
    name: "14: rows of an earlier process count as never sent",
    file: "buffer/restore.ts",
    from: `row: "yes", maybe: true`,
    to: `row: "yes", maybe: false`,
  },
  {
    name: "15: what was marked before does not count as freed",
    file: "buffer/evict.ts",
    from: "for (const c of candidates) if (c.marked !== undefined) freed += frees(state, c);",
    to: "",
  },
  {
    name: "15: a mark is not decided when the request ends",
    file: "buffer/lease.ts",
    from: "for (const chunk of lease.chunks.slice()) if (chunk.marked !== undefined) dropOpen(state, chunk, chunk.marked);",
    to: "",
  },
  {
    name: "16: rows are evicted when memory is what binds",
    file: "buffer/evict.ts",
    from: `state.rowBudget > 0 && state.mode !== "degraded" ? "disk" : "memory"`,
    to: `state.rowBudget > 0 ? "disk" : "memory"`,
  },
  {
    name: "17: what cannot be read again is leased only when it is durable",
    file: "buffer/lease.ts",
    from: "const older = source.unloaded.first;",
    to: `if (!chunk.replayable && chunk.row !== "yes") return false;\n  const older = source.unloaded.first;`,
  },
  {
    name: "18: rows that cannot be read bar their source for ever",
    file: "buffer/lease.ts",
    from: ` || state.reading === "failing"`,
    to: "",
  },
  {
    name: "18: a source is sent past its unloaded rows",
    file: "buffer/lease.ts",
    from: "return older === undefined || older.seq > chunk.seq",
    to: "return older === undefined || older !== undefined",
  },
  {
    name: "18: a row bars younger ones only until its loading begins",
    file: "buffer/paging.ts",
    from: "  state.unloaded.remove(chunk);\n  state.loading++;",
    to: "  state.unloaded.remove(chunk);\n  chunk.source.unloaded.remove(chunk);\n  state.loading++;",
  },
  {
    name: "19: bodies of dead letters have no quota",
    file: "pipeline/pieces.ts",
    from: "const keeps = state.letterBytes + bytes.length <= state.quotas.letters;",
    to: "const keeps = true;",
  },
  {
    name: "20: a region goes while the transaction reads it",
    file: "buffer/state.ts",
    from: `if (chunk.row !== "writing" && chunk.paging === "none") unload(state, chunk);`,
    to: `if (chunk.paging === "none") unload(state, chunk);`,
  },
  {
    name: "20: a region goes while a row is loaded into it",
    file: "buffer/state.ts",
    from: `if (chunk.row !== "writing" && chunk.paging === "none") unload(state, chunk);`,
    to: `if (chunk.row !== "writing") unload(state, chunk);`,
  },
  {
    name: "the checkpoint passes what is open before the last",
    file: "buffer/writer.ts",
    from: " && !holds.has(c.source)) holds.set(c.source, c);",
    to: ") holds.set(c.source, c);",
  },
  {
    name: "fates are counted before the checkpoint passes them",
    file: "buffer/writer.ts",
    from: PASSED,
    to: `(c) => c.row === "no" && !isOpen(c),`,
  },
  {
    name: "what is on the wire is dropped at once",
    file: "buffer/evict.ts",
    from: "if (turn === 2) chunk.marked = fate;\n      else dropOpen(state, chunk, fate);",
    to: "dropOpen(state, chunk, fate);",
  },
  {
    name: "a failed transaction is committed as far as it came",
    file: "buffer/store.ts",
    from: `this.db.exec("ROLLBACK");`,
    to: `this.db.exec("COMMIT");`,
    by: "sqlite",
  },
  {
    name: "rows are removed in a transaction of their own",
    file: "buffer/store.ts",
    from: "for (const seq of tx.removed) sql.removeChunk.run(seq);",
    to: `for (const seq of tx.removed) sql.removeChunk.run(seq);\n    this.db.exec("COMMIT; BEGIN");`,
    by: "sqlite",
  },
  {
    name: "a row's record table is not loaded",
    file: "buffer/store.ts",
    from: "if (table && row.record_table)",
    to: "if (table && row.record_table && false)",
    by: "sqlite",
  },
];

/** Seeds that are tried; most are found within a hundred. */
const SEEDS: Readonly<Record<Kind, number>> = { memory: 50_000, sqlite: 500, load: 50 };

/** Hunts one mutant in a copy of the tree, in a process of its own. */
export async function huntMutant(mutant: BufferMutant): Promise<Hunted> {
  const { by = "memory", firstSeed = 1 } = mutant;
  return inMutatedTree(mutant, (directory) =>
    huntInChild(join(directory, "test/model/hunt.ts"), by, SEEDS[by], firstSeed),
  );
}

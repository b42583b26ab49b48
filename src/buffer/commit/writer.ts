// Composes all commits to the state database. A transaction is composed in one synchronous step from what is durable plus what
// has changed. Nothing counts as durable before its answer, and a failed transaction is discarded whole. In every mode, the
// checkpoint of a source is the start of its first open chunk that has no row and gets none here, else the read position. So
// rows lie before the checkpoint, chunks without a row after it. (docs/design.md, "The transaction")
import type { Envelope } from "../../core/chunk.ts";
import type { Identity, Mark } from "../../core/source.ts";
import { Books } from "../ledger/books.ts";
import type { Chunk } from "../chunk.ts";
import { chooseRows } from "./choose-rows.ts";
import { pinRegions, unpinRegions } from "../regions.ts";
import { passSettled } from "../settle.ts";
import { type SourceState, isForgettable, sourceRow } from "../sources/source-state.ts";
import { HEAD, HEAD_WIDTH } from "../spool/rows/heads.ts";
import { MOVE_WIDTH, type RowGroup, type Transaction } from "../spool/spool.ts";
import { type BufferState, unload } from "../state.ts";

/** Most rows, and most sources, that one transaction removes: 20 ms of the worker thread. */
export const MOST_REMOVED = 4000;
/** Most sources that one transaction writes only because they are new or were renamed. */
const MOST_SOURCES = 2000;

export interface SourceChange {
  readonly source: SourceState;
  readonly checkpoint: number;
  readonly mark: Mark;
  /** The identity to write, if it has changed. */
  readonly identity: Identity | undefined;
  /** Number of chunks that leave the front of the source's list: they become rows, or the checkpoint passes them. */
  readonly passes: number;
}

export interface Writing {
  readonly transaction: Transaction;
  /** In the order of the transaction's rows. */
  readonly added: readonly Chunk[];
  readonly removed: readonly Chunk[];
  readonly sources: readonly SourceChange[];
  /** Sources that need a FULL commit, whatever else is written of them. */
  readonly synced: readonly SourceState[];
  readonly forgotten: readonly SourceState[];
  /** The books that the transaction has taken. They are restored if it fails. */
  readonly passed: Books;
  /** Bytes of the bodies of the transaction's dead letters. */
  readonly deadLetterBytes: number;
  /** Monotonic clock when the transaction was composed. */
  readonly sinceMs: number;
}

/**
 * Composes a transaction with everything that is due now; undefined if nothing is.
 * @param purpose "probe": composes a transaction to test a failed disk, even if nothing is due
 */
export function compose(state: BufferState, purpose: "regular" | "probe"): Writing | undefined {
  if (state.disk !== "working" && purpose === "regular") return undefined;
  const added = chooseRows(state).sort(byGroup);
  const removed = take(state.ended, MOST_REMOVED);
  const { sources, synced, forgotten, between } = changedSources(state, added);
  const due =
    added.length + removed.length + sources.length + synced.length + forgotten.length + state.newStarts.length;
  if (due === 0 && state.passed.isEmpty && purpose === "regular") return undefined;
  for (const chunk of added) {
    chunk.row = "writing";
    pinRegions(state.arena, chunk);
  }
  const { passed } = state;
  state.passed = new Books();
  const books = booksOf(state, passed, { added, removed, between, forgotten });
  const transaction: Transaction = {
    full:
      synced.length > 0 ||
      sources.some(({ source }) => !source.durable) ||
      added.some((c) => !c.replayable) ||
      state.newStarts.length > 0,
    sources: sources.flatMap((s) => (s.identity ? [sourceRow(s.source, s.checkpoint, s.mark)] : [])),
    moves: movesOf(sources),
    forgotten: forgotten.map((s) => s.num),
    envelopes: [...new Set<Envelope>(added.map((c) => c.envelope))],
    queues: [...new Set(added.map((c) => c.queue))].map(({ id, policy, target }) => ({
      id,
      policy,
      target: target.name,
    })),
    rows: headsOf(added),
    groups: groupsOf(added),
    removed: Float64Array.from(removed.flatMap((c) => [c.queue.id, c.seq])),
    ledger: books.deltas.list(),
    losses: [...books.losses],
    deadLetters: books.deadLetters,
    starts: state.newStarts.slice(),
    meta: { nextSeq: state.nextSeq, age: state.age.stamp(), limits: state.fitted },
  };
  const deadLetterBytes = books.deadLetters.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
  const sinceMs = state.clock.now();
  return { transaction, added, removed, sources, synced, forgotten, passed, deadLetterBytes, sinceMs };
}

function byGroup(a: Chunk, b: Chunk): number {
  if (a.queue !== b.queue) return a.queue.id - b.queue.id;
  if (a.stock !== b.stock) return a.stock.input < b.stock.input ? -1 : 1;
  return a.seq - b.seq;
}

function groupsOf(added: readonly Chunk[]): RowGroup[] {
  const groups: { queue: number; input: string; rows: number }[] = [];
  let stock: unknown;
  for (const c of added) {
    if (c.stock !== stock) groups.push({ queue: c.queue.id, input: c.stock.input, rows: 0 });
    stock = c.stock;
    (groups.at(-1) as { rows: number }).rows++;
  }
  return groups;
}

function headsOf(added: readonly Chunk[]): Float64Array {
  const heads = new Float64Array(added.length * HEAD_WIDTH);
  for (const [i, c] of added.entries()) {
    const h = heads.subarray(i * HEAD_WIDTH, (i + 1) * HEAD_WIDTH);
    h.set([c.queue.id, c.seq, c.source.num, c.envelope.id, c.start, c.end, c.records, c.bytes, c.readAtMs, c.agedMs]);
    h[HEAD.possiblyStored] = Number(c.possiblyStored);
    h[HEAD.length] = c.length;
    h[HEAD.tableLength] = c.tableLength;
    h[HEAD.actionsLength] = c.actionsLength;
    h[HEAD.data] = c.region?.ptr ?? 0;
    h[HEAD.table] = c.table?.ptr ?? 0;
    h[HEAD.actions] = c.actions?.ptr ?? 0;
  }
  return heads;
}

interface Changes {
  readonly sources: SourceChange[];
  readonly synced: SourceState[];
  readonly forgotten: SourceState[];
  /** Settled chunks without a row that the checkpoint passes, because the chunks before them become rows. */
  readonly between: Chunk[];
  /** Number of sources whose checkpoint stays. */
  minor: number;
}

function changedSources(state: BufferState, added: readonly Chunk[]): Changes {
  const rows = new Set(added);
  const changes: Changes = { sources: [], synced: [], forgotten: [], between: [], minor: 0 };
  const others = new Set(added.map((c) => c.source));
  // In place: 200,000 may be gone at once, and a copy of the set for each commit is garbage that only a full collection frees.
  for (const source of state.changed) {
    others.delete(source);
    addChange(state, source, rows, changes);
  }
  for (const source of others) addChange(state, source, rows, changes);
  return changes;
}

function addChange(state: BufferState, source: SourceState, rows: ReadonlySet<Chunk>, changes: Changes): void {
  if (isForgettable(source)) {
    if (changes.forgotten.length >= MOST_REMOVED) return;
    changes.forgotten.push(source);
    state.changed.delete(source);
    return;
  }
  let hold = source.first as Chunk | undefined;
  let passes = 0;
  for (; hold && (rows.has(hold) || !hold.isOpen); hold = hold.next) {
    if (!rows.has(hold)) changes.between.push(hold);
    passes++;
  }
  const checkpoint = hold?.start ?? source.position;
  const moves = checkpoint !== source.checkpoint;
  const { needsSync, identityChanged } = source;
  if (!moves && identityChanged && ++changes.minor > MOST_SOURCES) return;
  state.changed.delete(source);
  if (needsSync) changes.synced.push(source);
  if (!moves && !identityChanged) return;
  source.identityChanged = false;
  const identity = identityChanged ? source.identity : undefined;
  changes.sources.push({ source, checkpoint, mark: hold?.markBefore ?? source.positionMark, identity, passes });
}

function movesOf(changes: readonly SourceChange[]): Float64Array {
  const moved = changes.filter((c) => !c.identity && c.checkpoint !== c.source.checkpoint);
  const moves = new Float64Array(moved.length * MOVE_WIDTH);
  for (const [i, { source, checkpoint, mark }] of moved.entries())
    moves.set([source.num, checkpoint, mark.length, mark.hash], i * MOVE_WIDTH);
  return moves;
}

function booksOf(
  state: BufferState,
  passed: Books,
  {
    added,
    removed,
    between,
    forgotten,
  }: { readonly [K in "added" | "removed" | "between"]: readonly Chunk[] } & {
    readonly forgotten: readonly SourceState[];
  },
): Books {
  const books = new Books();
  const atMs = state.clock.wall();
  books.add(passed);
  for (const chunk of added) books.enter(chunk, atMs);
  for (const chunk of between) {
    books.enter(chunk, atMs);
    books.settle(chunk, atMs);
  }
  for (const chunk of removed) books.settle(chunk, atMs);
  for (const source of forgotten) books.deltas.of(source.input).retired += source.checkpoint - source.origin;
  return books;
}

/** Undoes a failed transaction in memory. Everything that it was to write is due again. */
export function failed(state: BufferState, { added, passed, sources, synced, forgotten }: Writing): void {
  for (const { source, identity } of sources) {
    if (identity) source.identityChanged = true;
    state.changed.add(source);
  }
  for (const source of [...synced, ...forgotten]) state.changed.add(source);
  for (const chunk of added) {
    unpinRegions(state.arena, chunk);
    chunk.row = "no";
    if (!chunk.isOpen) {
      unload(state, chunk);
      passSettled(state, chunk.source);
    }
  }
  const since = state.passed;
  state.passed = passed;
  state.passed.add(since);
}

function take<T>(from: Iterable<T>, most: number): T[] {
  const taken: T[] = [];
  for (const item of from) {
    if (taken.length >= most) break;
    taken.push(item);
  }
  return taken;
}

// What the buffer knows of a source: how far it was read, how far that is durable, and whether its id is.
// Positions only rise. `checkpoint` is the durable one; everything before it has a durable row or fate (rule I1).
import type { Identity, KnownSource, Mark, SourceId } from "../core/source.ts";
import type { Chunk } from "./chunk.ts";
import { SeqQueue } from "./seq-queue.ts";
import type { BufferState } from "./state.ts";

export interface SourceState {
  readonly id: SourceId;
  readonly input: string;
  readonly origin: number;
  identity: Identity;
  /** Durable, and the mark of the bytes before it. */
  checkpoint: number;
  mark: Mark;
  /** End of the last admitted chunk, and the mark of the bytes before it. */
  position: number;
  positionMark: Mark;
  /** Bytes below this may have been sent by an earlier process. */
  rereadLimit: number;
  /** "gone": unlinked or truncated, unresolved bytes can never be read again. */
  presence: "there" | "gone";
  /** The id is committed with synchronous=FULL. */
  durable: boolean;
  /** Identity changed since the last commit that carried it. */
  changed: boolean;
  /** Noticed gone since the last FULL commit (rule W5). */
  needsSync: boolean;
  /** Nothing of it will be read again: its row goes when all of it is answered for. */
  retired: boolean;
  /** Chunks of it that the buffer still holds. */
  held: number;
  /** Its rows that are not in memory. */
  readonly unloaded: SeqQueue<Chunk>;
}

function sourceState(known: KnownSource, size: number, durable: boolean): SourceState {
  return {
    id: known.id,
    input: known.input,
    origin: known.origin,
    identity: known.identity,
    checkpoint: known.checkpoint,
    mark: known.mark,
    position: known.checkpoint,
    positionMark: known.mark,
    rereadLimit: durable ? size : 0,
    presence: "there",
    durable,
    changed: !durable,
    needsSync: false,
    retired: false,
    held: 0,
    unloaded: new SeqQueue(),
  };
}

/**
 * A source is read from now on. One that was restored with its rows is there already.
 * @param size of its file now: below it an earlier process may have sent @param durable its id was committed before
 */
export function openSource(state: BufferState, known: KnownSource, size: number, durable: boolean): void {
  const restored = state.sources.get(known.id);
  if (restored) {
    restored.rereadLimit = size;
    restored.changed ||= restored.identity !== known.identity;
    restored.identity = known.identity;
    return;
  }
  const source = sourceState(known, size, durable);
  state.sources.set(known.id, source);
  if (!durable) state.urgent.add(source);
}

/**
 * N1: unlinked or truncated. Its open chunks become rows at once, and its old rows, which may have been written without
 * a sync, are covered by the next FULL commit.
 */
export function noticeGone(state: BufferState, source: SourceState): void {
  if (source.presence === "gone") return;
  source.presence = "gone";
  source.needsSync = true;
  state.urgent.add(source);
  for (const queue of [state.fresh, state.rows]) {
    for (const chunk of queue) if (chunk.source === source) chunk.replayable = false;
  }
}

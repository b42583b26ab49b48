// A source comes into the buffer's books, what becomes of its file's name and head, and the notice that the file is gone.
import type { Identity, KnownSource } from "../core/source.ts";
import { NONE_UNLOADED, type SourceState, isOpen } from "./chunk.ts";
import type { BufferState } from "./state.ts";

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
    unloaded: NONE_UNLOADED,
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
  if (!durable) state.nascent.add(source);
}

/**
 * The file was renamed, or its head has grown. A source without a head would take any content of its file for its own, and
 * what is sent of that for repeated: with its first head it is as new as with its id, and nothing is sent before (D2).
 */
export function identifySource(state: BufferState, source: SourceState, identity: Identity): void {
  if (source.identity.headLength === 0 && identity.headLength > 0) {
    source.durable = false;
    state.nascent.add(source);
  }
  source.identity = identity;
  source.changed = true;
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

/**
 * Whether the source may be forgotten: every byte before the read position has its fate or a row, and no power cut takes
 * a row back that was written while the file could still be read again.
 */
export function answeredFor(state: BufferState, source: SourceState): boolean {
  if (source.needsSync) return false;
  for (const chunk of state.fresh) if (chunk.source === source && isOpen(chunk)) return false;
  return true;
}

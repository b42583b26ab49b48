// Frees the memory of chunks that have a row: the youngest first, and for a stuck target all chunks but one.
import type { Chunk, Queue } from "../chunk.ts";
import { barrier, isNew, onDisk } from "../queue.ts";
import { type BufferState, leaveWindow, unload } from "../state.ts";

/** Frees the bytes of a row that is in no request. Its object goes too, unless it knows something that the database does not. */
export function pageOut(state: BufferState, chunk: Chunk): void {
  const { queue } = chunk;
  queue.ready.remove(chunk);
  unload(state, chunk);
  if (chunk.hasHistory) return queue.unloaded.add(chunk);
  releaseObject(state, chunk);
}

/** Drops a row's object. Only the database knows the row from now on. */
function releaseObject(state: BufferState, chunk: Chunk): void {
  const { queue, seq } = chunk;
  leaveWindow(state, chunk);
  queue.cursor = Math.min(queue.cursor, seq - 1);
}

/** Pages rows out until the loaded rows leave the stage free. Stuck targets keep at most one chunk, for a probe. */
export function trim(state: BufferState): void {
  for (const queue of state.spilled) {
    if (!queue.target.stuck) continue;
    pageOutReady(state, queue, () => true);
    releaseHeads(state, queue);
  }
  const most = mostLoaded(state);
  for (const queue of state.spilled) {
    if (state.pool - state.unwritten <= most) return;
    pageOutReady(state, queue, () => state.pool - state.unwritten > most);
  }
}

/** Bytes of rows that may be in memory. While nothing can be written, chunks without a row have precedence. */
export function mostLoaded(state: BufferState): number {
  const { pool, page, stage, largest } = state.quotas;
  return state.writes ? pool - stage : Math.max(page, pool - page - largest - state.unwritten);
}

/** Whether rows of new chunks may stay in memory. The other half of the room is for older rows, which must be loaded. */
export function keepsNew(state: BufferState): boolean {
  return state.pool - state.unwritten <= mostLoaded(state) / 2;
}

/** Pages out rows that are not new any more, and wait for older rows on disk. */
export function pageOutAged(state: BufferState): void {
  for (const queue of state.spilled) {
    if (onDisk(queue) === 0) continue;
    for (const chunk of [...queue.ready.from(queue.cursor + 1)]) {
      if (chunk.row === "yes" && !isNew(state, chunk)) pageOut(state, chunk);
    }
  }
}

function pageOutReady(state: BufferState, queue: Queue, wanted: () => boolean): void {
  // A target that is about to be probed keeps its first chunk.
  const keep = queue.target.wantsProbe ? queue.ready.first : undefined;
  const rows = [...queue.ready.youngestFirst()].filter((c) => c.row === "yes" && c !== keep);
  for (const chunk of rows) {
    if (!wanted()) return;
    pageOut(state, chunk);
  }
}

/** Drops heads that were read ahead: the heads of many stuck targets would fill the window. */
function releaseHeads(state: BufferState, queue: Queue): void {
  const keep = queue.target.wantsProbe ? queue.unloaded.first : undefined;
  for (const chunk of [...queue.unloaded.youngestFirst()]) {
    if (chunk === keep || chunk.loading || chunk.hasHistory) continue;
    queue.unloaded.remove(chunk);
    releaseObject(state, chunk);
  }
}

/**
 * Makes room to load the first chunk of a queue that is not in memory. Pages out a younger chunk of the queue, which has to
 * wait for that chunk anyway. False if there is no younger chunk to page out.
 */
export function makeRoom(state: BufferState, queue: Queue): boolean {
  const first = barrier(queue);
  for (const chunk of queue.ready.youngestFirst()) {
    if (chunk.seq <= first) return false;
    if (chunk.row !== "yes") continue;
    pageOut(state, chunk);
    return true;
  }
  return false;
}

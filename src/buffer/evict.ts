// Makes room in one share by letting go of what is oldest, or random (rule E1): first what is not leased, then what
// waits to be sent again; what is on the wire is only marked, its fate is decided when the request ends.
import { DROPPED_AGE, DROPPED_OLDEST, DROPPED_RANDOM } from "../core/fate.ts";
import { type Chunk, isOpen, memoryOf } from "./chunk.ts";
import type { Share } from "./shares.ts";
import { type BufferState, dropOpen } from "./state.ts";

/** Where a chunk stands: what is let go first comes first. */
function phase(chunk: Chunk): 0 | 1 | 2 {
  if (chunk.lease === undefined) return 0;
  return chunk.lease.state === "waiting" ? 1 : 2;
}

/** What letting a chunk go frees of the budget that binds: the disk's, or the memory's when nothing can be written. */
function frees(state: BufferState, chunk: Chunk): number {
  const binds = state.rowBudget > 0 && state.mode !== "degraded" ? "disk" : "memory";
  if (binds === "memory") return memoryOf(chunk);
  return chunk.row === "yes" ? chunk.stored : memoryOf(chunk);
}

/**
 * Lets go until `bytes` are freed or nothing is left. Chunks marked before count as freed: they will be.
 * @returns bytes freed or promised
 */
export function evict(state: BufferState, share: Share, bytes: number, order: "oldest" | "random"): number {
  const candidates = openChunks(state, share).filter((c) => frees(state, c) > 0);
  let freed = 0;
  for (const c of candidates) if (c.marked !== undefined) freed += frees(state, c);
  const fate = order === "oldest" ? DROPPED_OLDEST : DROPPED_RANDOM;
  const ordered = order === "oldest" ? candidates : shuffled(state, candidates);
  for (const turn of [0, 1, 2] as const) {
    for (const chunk of ordered) {
      if (freed >= bytes) return freed;
      if (!isOpen(chunk) || chunk.marked !== undefined || phase(chunk) !== turn) continue;
      freed += frees(state, chunk);
      if (turn === 2) chunk.marked = fate;
      else dropOpen(state, chunk, fate);
    }
  }
  return freed;
}

/** Lets go of everything read before `wallMs`. */
export function expire(state: BufferState, wallMs: number): void {
  for (const share of state.shares.values()) {
    for (const chunk of openChunks(state, share)) {
      if (chunk.readAtMs >= wallMs || chunk.marked !== undefined) continue;
      if (phase(chunk) === 2) chunk.marked = DROPPED_AGE;
      else dropOpen(state, chunk, DROPPED_AGE);
    }
  }
}

function openChunks(state: BufferState, share: Share): Chunk[] {
  const open: Chunk[] = [];
  for (const queue of [state.rows, state.fresh]) {
    for (const chunk of queue) if (chunk.share === share && isOpen(chunk)) open.push(chunk);
  }
  return open.sort((a: Chunk, b: Chunk): number => a.seq - b.seq);
}

function shuffled(state: BufferState, chunks: readonly Chunk[]): Chunk[] {
  const list: Chunk[] = chunks.slice();
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(state.clock.random() * (i + 1));
    [list[i], list[j]] = [list[j] as Chunk, list[i] as Chunk];
  }
  return list;
}

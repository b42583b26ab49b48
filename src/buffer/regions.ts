// The regions of the arena that hold a chunk's bytes.
import { Arena } from "../core/arena.ts";
import type { Chunk } from "./chunk.ts";

export function releaseRegions(arena: Arena, chunk: Chunk): void {
  for (const region of [chunk.region, chunk.table, chunk.actions]) if (region) arena.release(region);
  chunk.region = undefined;
  chunk.table = undefined;
  chunk.actions = undefined;
}

export function pinRegions(arena: Arena, chunk: Chunk): void {
  for (const region of [chunk.region, chunk.table, chunk.actions]) if (region) arena.pin(region);
}

export function unpinRegions(arena: Arena, chunk: Chunk): void {
  for (const region of [chunk.region, chunk.table, chunk.actions]) if (region) arena.unpin(region);
}

/** Bytes of the arena that the chunk takes while it is loaded. */
export function sizeOf(chunk: Chunk): number {
  let size = 0;
  for (const length of [chunk.length, chunk.tableLength, chunk.actionsLength])
    if (length > 0) size += Arena.cost(length);
  return size;
}

// Brings rows back into memory, the lowest sequence number first (rule Q7), within what Q4 leaves to loaded rows.
import { type Chunk, isOpen, releaseRegions } from "./chunk.ts";
import { Arena, type Region } from "../core/arena.ts";
import { DROPPED_CORRUPT } from "../core/fate.ts";
import { type BufferState, account, dropOpen, listUnloaded } from "./state.ts";

export interface PageIn {
  readonly chunk: Chunk;
  readonly region: Region;
  readonly table: Region | undefined;
}

/** Takes room for the next row to load, or undefined when none waits or none fits. */
export function beginPageIn(state: BufferState): PageIn | undefined {
  const chunk = state.unloaded.first;
  if (chunk === undefined) return undefined;
  const size = Arena.cost(chunk.length) + (chunk.tableLength > 0 ? Arena.cost(chunk.tableLength) : 0);
  const loaded = state.pool - state.unwritten;
  if (loaded > 0 && loaded + size > state.quotas.pool - state.quotas.stage) return undefined;
  if (state.pool + size > state.quotas.pool) return undefined;
  const region = state.arena.alloc(chunk.length);
  const table = chunk.tableLength > 0 ? state.arena.alloc(chunk.tableLength) : undefined;
  if (region === undefined || (chunk.tableLength > 0 && table === undefined)) {
    if (region) state.arena.release(region);
    return undefined;
  }
  state.arena.pin(region);
  if (table) state.arena.pin(table);
  account(state, chunk, () => {
    chunk.region = region;
    chunk.table = table;
    chunk.paging = "in";
  });
  // It still bars younger chunks of its source, until it is there.
  state.unloaded.remove(chunk);
  state.loading++;
  return { chunk, region, table };
}

/** The row's bytes are there, or never will be. It may have been settled (evicted) meanwhile. */
export function endPageIn(state: BufferState, page: PageIn, outcome: "loaded" | "corrupt" | "failed"): void {
  const { chunk, region, table } = page;
  chunk.paging = "none";
  state.loading--;
  state.arena.unpin(region);
  if (table) state.arena.unpin(table);
  state.reading = outcome === "failed" ? "failing" : "working";
  if (!isOpen(chunk)) return account(state, chunk, () => releaseRegions(state.arena, chunk));
  chunk.source.unloaded.remove(chunk);
  if (outcome === "loaded") return state.ready.add(chunk);
  account(state, chunk, () => releaseRegions(state.arena, chunk));
  if (outcome === "failed") listUnloaded(state, chunk);
  else dropOpen(state, chunk, DROPPED_CORRUPT);
}

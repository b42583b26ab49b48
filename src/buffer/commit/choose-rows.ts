// Chooses the chunks that the next transaction writes as rows.
import type { Chunk } from "../chunk.ts";
import { slice } from "../budget/limits.ts";
import { wantsRow } from "../budget/modes.ts";
import { shareBudget } from "../budget/room.ts";
import type { Share } from "../budget/share.ts";
import type { SourceState } from "../sources/source-state.ts";
import type { BufferState } from "../state.ts";

/**
 * Sources with chunks that cannot be read again come first, then the oldest chunks. A chunk is chosen only together with all
 * earlier open chunks of its source. The result is at most one slice, and fits into what is left of the shares.
 */
export function chooseRows(state: BufferState): Chunk[] {
  const lastWanted = new Map<SourceState, number>();
  const now = state.clock.now();
  for (const c of state.fresh) if (wantsRow(state, c, now)) lastWanted.set(c.source, c.seq);
  if (lastWanted.size === 0) return [];
  const first: Chunk[] = [];
  const rest: Chunk[] = [];
  const pressing = new Set<SourceState>();
  for (const c of state.fresh) {
    if (c.row !== "no" || !c.isOpen || c.seq > (lastWanted.get(c.source) ?? 0)) continue;
    rest.push(c);
    if (!c.replayable) pressing.add(c.source);
  }
  for (const c of rest) if (pressing.has(c.source)) first.push(c);
  return fit(state, first.concat(rest.filter((c) => !pressing.has(c.source))));
}

function fit(state: BufferState, ordered: readonly Chunk[]): Chunk[] {
  const stopped = new Set<SourceState>();
  const rooms = new Map<Share, number>();
  const added: Chunk[] = [];
  let total = state.limits.rows - state.stored;
  let left = slice(state.quotas, state.limits.rows);
  for (const c of ordered) {
    if (added.length >= state.quotas.sliceRows) break;
    if (stopped.has(c.source)) continue;
    const { share } = c.queue;
    // A ladder that is no longer configured has no budget of its own: only the total limits its rows.
    const room = rooms.get(share) ?? (share.ratio === 0 ? Infinity : shareBudget(state, share)) - share.stored;
    const size = c.length + c.tableLength + c.actionsLength;
    if (size > room || size > total || (added.length > 0 && size > left)) {
      stopped.add(c.source);
      continue;
    }
    rooms.set(share, room - size);
    total -= size;
    left -= size;
    added.push(c);
  }
  return added;
}

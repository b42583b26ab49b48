// What an earlier process left: its rows become chunks again (rule S1). Rows make the buffer start in spill mode; what
// they hold may have been sent before, and their sources are there though perhaps no longer their files.
import type { Envelope } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import type { KnownSource } from "../core/source.ts";
import { newChunk } from "./admit.ts";
import { remember } from "./envelopes.ts";
import type { Share } from "./shares.ts";
import { openSource } from "./sources.ts";
import type { Recovered, StoredRow } from "./spool.ts";
import { type BufferState, enter, listUnloaded } from "./state.ts";

export function restore(state: BufferState, recovered: Recovered): void {
  const envelopes = new Map(recovered.envelopes.map((e) => [e.id, e]));
  const sources = new Map(recovered.sources.map((s) => [s.id, s]));
  for (const e of recovered.envelopes) {
    remember(state, e);
    state.durableEnvelopes.add(e);
    state.nextEnvelope = Math.max(state.nextEnvelope, e.id + 1);
  }
  for (const row of recovered.rows) {
    const envelope = envelopes.get(row.envelope);
    const source = sources.get(row.source);
    assert(envelope !== undefined && source !== undefined, `row ${row.seq} without its envelope or its source`);
    restoreRow(state, row, source, envelope);
  }
  state.starts.restore(recovered.starts);
  state.nextSeq = recovered.nextSeq;
  if (recovered.rows.length > 0) state.mode = "spill";
}

function restoreRow(state: BufferState, row: StoredRow, known: KnownSource, envelope: Envelope): void {
  if (!state.sources.has(known.id)) openSource(state, known, Number.MAX_SAFE_INTEGER, true);
  const source = state.sources.get(known.id);
  assert(source !== undefined, "a source that was just opened");
  const { seq, start, end, records, bytes, readAtMs, markBefore, length, tableLength, stored } = row;
  const facts = { seq, envelope, start, end, records, bytes, readAtMs, markBefore, length, tableLength, stored };
  const nothing = { counted: new Map(), keep: 0, region: undefined, table: undefined };
  const share = shareOf(state, envelope.policy);
  const chunk = newChunk(state, source, share, { ...facts, ...nothing, row: "yes", maybe: true, rowFirst: false });
  state.rowBytes += stored;
  state.rows.add(chunk);
  enter(state, chunk);
  listUnloaded(state, chunk);
}

/** Rows of a ladder that is no longer configured keep a share of their own, which takes nothing new. */
export function shareOf(state: BufferState, policy: string): Share {
  let share = state.shares.get(policy);
  if (!share) state.shares.set(policy, (share = { policy, ratio: 0, memory: 0, disk: 0 }));
  return share;
}

// Which chunks are new. With `output.order: newest`, chunks that were read in the last seconds and are still in memory are sent
// before older ones: two requests take new chunks, the third takes old ones. So after an outage, records that are written now
// are delivered at once, and the backlog beside them.
import { pageOutAged } from "./loading/page-out.ts";
import type { BufferState } from "./state.ts";

/** Sequence numbers are noted this many times within the time in which a chunk is new. */
const NOTES = 16;

export class Newest {
  private readonly state: BufferState;
  private readonly ms: number;
  private readonly notes: { readonly atMs: number; readonly seq: number }[] = [];

  /** @param ms for how long a chunk is new after it was read; 0: no chunk is new */
  constructor(state: BufferState, ms: number) {
    this.state = state;
    this.ms = ms;
  }

  /** Updates which chunks are new. Chunks are new for longer if this is called less often than every `ms` / NOTES. */
  look(): void {
    const { state, notes, ms } = this;
    if (ms === 0 || state.phase !== "running") return;
    const now = state.clock.now();
    if (now - (notes.at(-1)?.atMs ?? -Infinity) >= ms / NOTES) notes.push({ atMs: now, seq: state.nextSeq });
    while (notes[1] !== undefined && notes[1].atMs <= now - ms) notes.shift();
    const { seq } = notes[0] as { readonly seq: number };
    if (seq === state.newFrom) return;
    state.newFrom = seq;
    pageOutAged(state);
  }
}

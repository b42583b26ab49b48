// Decides whether a document or its target is at fault when the target refuses the document with an unknown error. Invariants: no
// document is condemned (refused for good) while the target stores nothing; one document cannot block its target for ever while
// the target stores others.
//
// Chunks with such documents are sent again with growing backoff, and do not delay other chunks. A document is condemned after
// five tries that count: the target has stored other documents in that try, or since the one before, or, for a document that makes
// whole bodies unreadable, since the first of these bodies. The error is then known: in a response that stored something, it
// condemns further documents at once.
//
// Some errors are temporary, unless the document causes them: a breaker's 429, a 500. Among other documents they only delay. If
// for a minute all documents of a chunk have such errors while the target stores others, and this happens to few chunks, they are
// sent alone and count as unclear.
import type { Chunk } from "../buffer/chunk.ts";
import { OPEN } from "../core/fate.ts";
import type { Refusal } from "../core/output.ts";
import { backoff } from "./backoff.ts";

const TRIES = 5;
/** A chunk resists if for this long, and in TRIES responses, none of its documents was stored, while others were. */
const RESISTS_MS = 60_000;
/** If more chunks resist, the cluster is at fault: an ill node refuses all documents of its shards. */
const MOST_RESISTING = 16;
/** Most known errors that are remembered. */
const MOST_KNOWN = 32;

/** A chunk with documents that were refused with an unknown error. */
interface UnclearChunk {
  /** Per record: tries that count. */
  readonly tries: Uint8Array;
  /** All tries of the chunk. */
  attempts: number;
  /** Whether the current try counts: the target has stored other documents in it, or since the one before. */
  counts: boolean;
  /** Monotonic: the last try. */
  lastAt: number;
  /** The record whose document makes every body unreadable that it is in, and since when it was searched for; undefined: none. */
  unreadable: { readonly record: number; readonly sinceMs: number } | undefined;
}

/** A chunk of which all documents get an error that is temporary, unless they cause it. Monotonic times. */
interface Resistance {
  readonly sinceMs: number;
  lastMs: number;
  /** Responses that count: others were stored since the response before. */
  tries: number;
}

export class UnclearRefusals {
  private readonly resisting = new Map<Chunk, Resistance>();
  private readonly chunks = new Map<Chunk, UnclearChunk>();
  private readonly known = new Set<string>();
  /** Monotonic: when the target last stored a document. */
  private storedAt = -Infinity;
  private now = 0;

  /** Called before a response is applied. @param stored it stored a document */
  responded(stored: boolean, now: number): void {
    this.now = now;
    if (stored) this.storedAt = now;
    for (const map of [this.chunks, this.resisting])
      for (const chunk of map.keys()) if (!chunk.isOpen) map.delete(chunk);
  }

  /** Whether a record with an UNCLEAR verdict is refused for good. Called once per such record and response. */
  condemns(chunk: Chunk, record: number, refusal: Refusal): boolean {
    const error = `${refusal.status} ${refusal.type}`;
    if (this.storedAt === this.now && this.known.has(error)) return true;
    const { tries, counts } = this.stateOf(chunk);
    if (!counts) return false;
    const counted = (tries[record] as number) + 1;
    tries[record] = counted;
    if (counted < TRIES) return false;
    if (this.known.size < MOST_KNOWN) this.known.add(error);
    return true;
  }

  /** All documents of the chunk in this response have an error that is temporary, unless they cause it. */
  refused(chunk: Chunk): void {
    const known = this.resisting.get(chunk) ?? { sinceMs: this.now, lastMs: this.now, tries: 0 };
    if (this.storedAt >= known.lastMs) known.tries++;
    known.lastMs = this.now;
    this.resisting.set(chunk, known);
  }

  /** A document of the chunk was stored. */
  took(chunk: Chunk): void {
    this.resisting.delete(chunk);
  }

  /** The chunk's documents are sent alone, to find out whether they cause their errors. */
  resists(chunk: Chunk): boolean {
    const { tries = 0, sinceMs = Infinity } = this.resisting.get(chunk) ?? {};
    return tries >= TRIES && this.now - sinceMs >= RESISTS_MS && this.resisting.size <= MOST_RESISTING;
  }

  /** A document of the chunk was not stored, and this try counts neither for it nor against it. */
  spares(chunk: Chunk): false {
    this.stateOf(chunk);
    return false;
  }

  /** Whether the chunk's next document makes its bodies unreadable. It is sent alone: otherwise each try would search for it. */
  isUnreadable(chunk: Chunk): boolean {
    const { record = -1 } = this.chunks.get(chunk)?.unreadable ?? {};
    return record >= 0 && (chunk.fates === undefined || chunk.fates[record] === OPEN);
  }

  /**
   * The server cannot read a body that has only this record of such a chunk.
   * @param sinceMs monotonic: when a body with it was first found unreadable
   */
  unreadable(chunk: Chunk, record: number, sinceMs: number): void {
    const state = this.chunks.get(chunk);
    if (state && state.unreadable?.record !== record) state.unreadable = { record, sinceMs };
  }

  /** The chunk's state. Begins a new try at the first call for this response. */
  private stateOf(chunk: Chunk): UnclearChunk {
    const known = this.chunks.get(chunk);
    if (known?.lastAt === this.now) return known;
    const state = known ?? {
      tries: new Uint8Array(chunk.records),
      attempts: 0,
      counts: false,
      lastAt: this.now,
      unreadable: undefined,
    };
    state.counts = this.storedAt >= state.lastAt;
    // Other documents were stored during the search. Those after it in its chunk cannot be sent before it.
    if (this.storedAt >= (state.unreadable?.sinceMs ?? Infinity)) state.counts = true;
    state.attempts++;
    state.lastAt = this.now;
    this.chunks.set(chunk, state);
    return state;
  }

  /** The chunks with unclear records in the last response, and how many milliseconds each should wait. */
  *again(random: () => number): Generator<readonly [Chunk, ms: number]> {
    for (const [chunk, { lastAt, attempts }] of this.chunks)
      if (lastAt === this.now && chunk.isOpen) yield [chunk, backoff(attempts, random())];
  }
}

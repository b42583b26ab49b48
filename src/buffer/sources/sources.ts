// The buffer's interface to inputs, about their sources. Every method is one synchronous step.
import type { Envelope } from "../../core/chunk.ts";
import { isDeepStrictEqual } from "node:util";
import { assert } from "../../core/errors.ts";
import type { Identity, KnownSource, SourceId } from "../../core/source.ts";
import { PACE_MS } from "../commit/commit-loop.ts";
import { envelopeOf } from "./envelopes.ts";
import { SourceState, answeredFor } from "./source-state.ts";
import type { BufferState } from "../state.ts";

/** Delay before a commit that new sources wait for. Later changes join the same commit. */
const SOON_MS = 5;

export class Sources {
  private readonly state: BufferState;
  /** Makes the buffer's loop run within this many milliseconds. */
  private readonly wake: (ms: number) => void;
  /** Sources found at the start, by input, until it asks: there may be 200,000 sources, and 1,000 inputs. */
  private readonly stored = new Map<string, SourceState[]>();

  constructor(state: BufferState, wake: (ms: number) => void) {
    this.state = state;
    this.wake = wake;
  }

  /** Adds the sources that the database knows, page by page, before anything is read. */
  add(page: readonly SourceState[]): void {
    for (const source of page) {
      this.state.addSource(source);
      const sources = this.stored.get(source.input);
      if (sources === undefined) this.stored.set(source.input, [source]);
      else sources.push(source);
    }
  }

  /** Number of sources by input. */
  inputs(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { input } of this.state.sources.values()) counts.set(input, (counts.get(input) ?? 0) + 1);
    return counts;
  }

  /** The stored sources of an input, for the one time that it asks. */
  known(input: string): KnownSource[] {
    const { sources } = this.state;
    const known = this.stored.get(input) ?? [];
    this.stored.delete(input);
    return known.filter((source) => sources.get(source.id) === source);
  }

  /** Wall clock when the input started for the first time; 0 if unknown, undefined if it never has. */
  startedAt(input: string): number | undefined {
    return this.state.starts.get(input);
  }

  start(input: string, atMs: number): void {
    this.state.starts.set(input, atMs);
    this.state.newStarts.push({ input, atMs });
    this.wake(0);
  }

  /** @param size size of the file now: an earlier process may have sent the bytes before it */
  open(known: KnownSource, size: number): void {
    const { durable } = openSource(this.state, known, size);
    this.wake(durable ? PACE_MS : SOON_MS);
  }

  identify(id: SourceId, identity: Identity): void {
    const source = this.of(id);
    identifySource(this.state, source, identity);
    this.wake(source.durable ? PACE_MS : SOON_MS);
  }

  /** The file was unlinked or truncated: its unresolved bytes can never be read again. */
  gone(id: SourceId): void {
    noticeGone(this.state, this.of(id));
    this.wake(0);
  }

  /** The file, or a copy of it, was found after all: its unresolved bytes can be read again. */
  found(id: SourceId): void {
    noticeFound(this.of(id));
  }

  /** Whether every byte before the read position has a fate or a durable row. */
  answered(id: SourceId): boolean {
    return answeredFor(this.of(id));
  }

  /** Nothing more will be read from the source. It is deleted once all its records have durable fates. */
  forget(id: SourceId): void {
    const source = this.of(id);
    source.retired = true;
    this.state.changed.add(source);
    this.wake(PACE_MS);
  }

  of(id: SourceId): SourceState {
    const source = this.state.sources.get(id);
    assert(source !== undefined, `source ${id} is not open`);
    return source;
  }

  /** Returns the same object for equal facts, as long as the cache holds it. */
  envelope(facts: Omit<Envelope, "id">): Envelope {
    return envelopeOf(this.state, facts);
  }
}

/**
 * Registers a source that is read from now on.
 * @param size size of the file now: an earlier process may have sent the bytes before it
 */
export function openSource(state: BufferState, known: KnownSource, size: number): SourceState {
  let source = state.sources.get(known.id);
  if (source === undefined) {
    source = new SourceState({ ...known, num: state.nextSource++ }, 0, false);
    state.addSource(source);
    state.notYetDurable.add(source);
    state.changed.add(source);
  } else {
    source.rereadLimit = size;
    // Each start opens all sources, and almost none of them has been renamed since.
    if (!isDeepStrictEqual(source.identity, known.identity)) setIdentity(state, source, known.identity);
  }
  return source;
}

/**
 * The file was renamed, or its fingerprint has grown. A source without a fingerprint would match any content of its file. So
 * the first fingerprint is treated like a new id: nothing is sent before both are durable.
 */
export function identifySource(state: BufferState, source: SourceState, identity: Identity): void {
  if (source.identity.headLength === 0 && identity.headLength > 0) {
    source.durable = false;
    state.notYetDurable.add(source);
  }
  setIdentity(state, source, identity);
}

function setIdentity(state: BufferState, source: SourceState, identity: Identity): void {
  source.identity = identity;
  source.identityChanged = true;
  state.changed.add(source);
}

/**
 * The file was unlinked or truncated. Its open chunks become rows at once. Its old rows may have been written without a sync;
 * the next FULL commit makes them durable.
 */
export function noticeGone(state: BufferState, source: SourceState): void {
  if (source.presence === "gone") return;
  source.presence = "gone";
  source.needsSync = true;
  state.urgent.add(source);
  state.changed.add(source);
}

/** The file, or a copy of it, was found again. `needsSync` stays set until the next FULL commit. */
export function noticeFound(source: SourceState): void {
  source.presence = "there";
}

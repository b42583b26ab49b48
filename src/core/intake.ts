// What an input may ask of the pipeline. An input never decides whether there is room, what is shed or what is durable.
import type { Region } from "./arena.ts";
import type { Draft, Envelope } from "./chunk.ts";
import type { Identity, KnownSource, SourceId } from "./source.ts";

/** "at-risk": the bytes exist only in a file without a name, and are lost when it is let go. */
export type Urgency = "none" | "at-risk";

export interface Intake {
  /** Sources that the state database knows for this input, to be matched against files before anything is read. */
  known(input: string): readonly KnownSource[];
  /** Wall-clock time at which this input started for the first time, 0 if nobody knows when; undefined: it never has. */
  started(input: string): number | undefined;
  /** It starts for the first time: durable with the next commit, and never after a source that is opened later. */
  start(input: string, atMs: number): void;
  /**
   * A source is read from now on: a known one from its checkpoint, a new one from `origin`. `size` is the file's size
   * now: what lies below it and above the checkpoint may have been sent by an earlier process.
   */
  open(source: KnownSource, size: number): void;
  /** The file of a source was renamed, or its head has grown: goes into the state database with the next commit. */
  identify(source: SourceId, identity: Identity): void;
  /** The envelope for these facts; the same object for the same facts. */
  envelope(facts: Omit<Envelope, "id">): Envelope;
  /**
   * Waits until `bytes` may be read for this input, and hands out a pinned region of that size. Fair: first come, first
   * served. Rejects with the signal's reason. The caller either admits the region in a draft (after arena.shrink and
   * unpin) or gives it back by `release`, still pinned.
   */
  room(input: string, bytes: number, signal: AbortSignal, urgency?: Urgency): Promise<Region>;
  /** Gives a region back that nothing was read into. */
  release(region: Region): void;
  /** Takes the draft over, in span order per source, without a gap. Resolves once the buffer answers for it. */
  admit(draft: Draft): Promise<void>;
  /** The file is unlinked or truncated: what is unresolved of it can never be read again. */
  gone(source: SourceId): void;
  /** True when every byte before the read position has its fate or a durable row. */
  answered(source: SourceId): boolean;
  /** Nothing of the source will ever be read again and all of it is answered for: its state may be forgotten. */
  forget(source: SourceId): void;
}

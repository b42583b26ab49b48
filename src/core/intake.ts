// What an input can ask of the pipeline. The pipeline, not the input, decides whether there is room, what is shed and what is
// durable.
import type { Region } from "./arena.ts";
import type { Draft, Envelope } from "./chunk.ts";
import type { Identity, KnownSource, SourceId } from "./source.ts";

/** "at-risk": the bytes exist only in a file without a name, and are lost when that file is closed. */
export type Urgency = "none" | "at-risk";

export interface Intake {
  /** Sources that the state database has for this input. The input matches them against files before it reads anything. */
  known(input: string): readonly KnownSource[];
  /** Wall-clock time of this input's first start. 0: it has started, nobody knows when; undefined: it never has. */
  started(input: string): number | undefined;
  /** Records the input's first start. Durable with the next commit, and no later than any source opened after it. */
  start(input: string, atMs: number): void;
  /**
   * Reading of the source begins: a known source at its checkpoint, a new one at `origin`. `size` is the file's present size: an
   * earlier process may have sent bytes between the checkpoint and `size`.
   */
  open(source: KnownSource, size: number): void;
  /** The file of a source was renamed, or its fingerprint has grown. The next commit stores the new identity. */
  identify(source: SourceId, identity: Identity): void;
  /** The envelope for these facts. Equal facts give the same object. */
  envelope(facts: Omit<Envelope, "id">): Envelope;
  /**
   * Waits until this input may read `bytes`, and returns a pinned region of that size. Fair: first come, first served. Rejects
   * with the signal's reason. The caller either passes the region on in a draft (after arena.shrink and unpin) or returns it by
   * `release`, still pinned.
   */
  room(input: string, bytes: number, signal: AbortSignal, urgency?: Urgency): Promise<Region>;
  /** Returns a region that nothing was read into. */
  release(region: Region): void;
  /** Takes over the draft: in span order per source, without a gap. Resolves once the buffer is responsible for its records. */
  admit(draft: Draft): Promise<void>;
  /** The file was unlinked or truncated: unresolved bytes of the source can never be read again. */
  gone(source: SourceId): void;
  /** The file of a source that was gone, or a copy of it, was found: bytes admitted from now on can be read again. */
  found(source: SourceId): void;
  /** True when every byte before the read position has its fate or a durable row. */
  answered(source: SourceId): boolean;
  /** The source will never be read again and `answered` is true: the buffer may drop its state. */
  forget(source: SourceId): void;
}

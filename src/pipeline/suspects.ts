// Decides about documents for which the server, or a firewall before it, may refuse whole requests: with a page (403), a 500, a
// reset connection. A server that is ill, or one ill host of several, responds in the same way. Invariants:
// a document is condemned (refused for good) only while the target stores others; failures that hit any request condemn none.
//
// A try of a suspect counts if the requests of the target just before it and just after it stored something. Tries of other
// suspects between them do not matter. After five tries that count, the next refusal condemns, if by then every host has refused
// the document, and a body that is no smaller was stored: a proxy without space for large bodies fails only those. If a suspect is
// stored after all, the refusals came from somewhere else, and all suspects begin anew.
import type { Chunk } from "../buffer/chunk.ts";
import { OPEN } from "../core/fate.ts";

const TRIES = 5;
/** If there are more suspects, the server is at fault, and all are forgotten: each would be sent alone when it is well again. */
const MOST = 16;

/** A body is searched after so many refusals, and so long, if the target has stored something between them. */
const AGAIN = 5;
const AGAIN_MS = 10_000;

/** Refusals of bodies that begin with the same chunk. */
interface Refusals {
  readonly sinceMs: number;
  /** Those after which the target had stored something since the one before. */
  count: number;
  /** `Suspects.count` at the last one. */
  seen: number;
}

interface Suspect {
  readonly record: number;
  readonly hosts: Set<number>;
  /** Of the body that has only this document, and of the largest that was stored since. */
  readonly bytes: number;
  largest: number;
  tries: number;
  /** The last try came just after a request that stored something. */
  isHalf: boolean;
}

export class Suspects {
  private readonly hosts: number;
  private readonly chunks = new Map<Chunk, Suspect>();
  private readonly first = new Map<Chunk, Refusals>();
  /** Requests of the target that stored something. */
  private count = 0;
  /** The target's last request stored something. Requests of suspects are left out. */
  private stores = false;

  /** @param hosts how many the output has */
  constructor(hosts: number) {
    this.hosts = hosts;
  }

  /** Whether the chunk's next document is a suspect: it is sent alone. */
  has(chunk: Chunk | undefined): boolean {
    const suspect = chunk && this.chunks.get(chunk);
    return suspect !== undefined && isOpen(chunk as Chunk, suspect);
  }

  /** The suspect has become a dead letter. */
  condemned(chunk: Chunk): void {
    this.chunks.delete(chunk);
  }

  /** A request of the target stored something. Called after its documents were settled. @param bytes of its body */
  stored(bytes: number): void {
    this.stores = true;
    this.count++;
    for (const [chunk, suspect] of this.chunks) {
      suspect.largest = Math.max(suspect.largest, bytes);
      if (suspect.isHalf) suspect.tries++;
      suspect.isHalf = false;
      if (isOpen(chunk, suspect)) continue;
      this.chunks.delete(chunk);
      for (const other of this.chunks.values()) {
        other.tries = 0;
        other.hosts.clear();
      }
    }
  }

  /** A request without a suspect failed as a whole. */
  failed(): void {
    this.stores = false;
    for (const suspect of this.chunks.values()) suspect.isHalf = false;
  }

  /**
   * A body that begins with this chunk was refused.
   * @returns whether this happens again and again while the target stores other bodies
   */
  repeats(chunk: Chunk, now: number): boolean {
    for (const one of this.first.keys()) if (!one.isOpen) this.first.delete(one);
    const known = this.first.get(chunk) ?? { sinceMs: now, count: 0, seen: this.count };
    if (known.seen < this.count) known.count++;
    known.seen = this.count;
    this.first.set(chunk, known);
    if (this.first.size > MOST) this.first.delete(this.first.keys().next().value as Chunk);
    return known.count >= AGAIN && now - known.sinceMs >= AGAIN_MS;
  }

  /**
   * A request that had only this record was refused. `bytes`: of its body.
   * @returns again: the target has stored others since the last try, and the document is tried again slowly. quiet: it has not
   */
  refused(chunk: Chunk, record: number, host: number, bytes: number): "condemned" | "again" | "quiet" {
    for (const one of this.chunks.keys()) if (!one.isOpen) this.chunks.delete(one);
    const known = this.chunks.get(chunk);
    if (known?.record !== record) {
      if (this.chunks.size >= MOST) this.chunks.clear();
      // What a host refuses while nothing is stored says nothing about the document.
      const hosts = new Set(this.stores ? [host] : []);
      this.chunks.set(chunk, { record, hosts, bytes, largest: 0, tries: 0, isHalf: this.stores });
      return this.stores ? "again" : "quiet";
    }
    if (!this.stores || known.isHalf) return "quiet";
    known.hosts.add(host);
    known.isHalf = true;
    const isAlike = known.hosts.size >= this.hosts && known.largest >= known.bytes;
    return known.tries >= TRIES && isAlike ? "condemned" : "again";
  }

  get size(): number {
    return this.chunks.size;
  }

  /** The chunks of all suspects. */
  get all(): Iterable<Chunk> {
    return this.chunks.keys();
  }
}

function isOpen(chunk: Chunk, { record }: Suspect): boolean {
  return chunk.isOpen && (chunk.fates === undefined || chunk.fates[record] === OPEN);
}

// The guard against reading the same content twice by mistake: a copy that a pattern matches, a file that was written anew
// with what it had, a state that was lost in part. It raises an alarm and stops nothing: two files may be alike on purpose.
//
// Of every source that has come far enough the fingerprints of its head, and of the bytes before the place where it was then,
// are kept for a while. When another source with the same head passes that place and has the same bytes before it, it is the
// same content. (A mark would not do: files with one banner have the same, where their lines end alike.)
//
// Of compressed content the bytes are there only while they are read: what lies across two turns is not compared, and what an
// earlier process has read is not known.
import { readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { SourceId } from "../../core/source.ts";
import { HEAD_LENGTH } from "./identity.ts";
import type { Shared } from "./parts.ts";
import type { Tail } from "./tail.ts";

/** Bytes that must be alike. Programs begin their logs with the same banner each time. */
const LEAST = 4096;
/** Contents that are remembered, some 200 bytes each: those that were met last. */
const MOST = 1000;

interface Content {
  readonly source: SourceId;
  readonly path: string;
  readonly position: number;
  /** Of the LEAST bytes before the position. */
  readonly hash: number;
}

/** The head of a file that begins with a hole: it tells nothing. */
const HOLE = crc32(Buffer.alloc(HEAD_LENGTH));

const scratch = Buffer.alloc(LEAST);

export class Rereads {
  private readonly shared: Shared;
  /** By the hash of the head, the one met last at the end. */
  private readonly contents = new Map<number, Content>();

  constructor(shared: Shared) {
    this.shared = shared;
  }

  /** The tail has come from there to its position. @param bytes that lie between, if they were read just now */
  passed(tail: Tail, from: number, bytes: Buffer): void {
    const { head, position, path, source } = tail;
    if (head.length < HEAD_LENGTH || head.hash === HOLE || position < LEAST || source === undefined) return;
    const hash = this.contents.get(head.hash)?.hash ?? hashBefore(tail, position, from, bytes);
    if (hash === undefined) return;
    const content = this.contents.get(head.hash) ?? { source, path, position, hash };
    this.contents.delete(head.hash);
    this.contents.set(head.hash, content);
    if (this.contents.size > MOST) this.contents.delete(this.contents.keys().next().value as number);
    if (content.source === source || from >= content.position || position < content.position) return;
    if (hashBefore(tail, content.position, from, bytes) === content.hash) this.alarm(path, content);
  }

  private alarm(path: string, { path: other, position }: Content): void {
    const { rereads, nag } = this.shared;
    rereads.files++;
    nag.warn(
      "file_reread",
      `${path} begins with the same ${position} bytes that were read as ${other}: it is shipped twice. If it is a copy, ` +
        `leave it out by \`exclude\`.`,
      { path, other },
    );
  }
}

/** Undefined: nobody knows. */
function hashBefore({ fd, packed }: Tail, position: number, from: number, bytes: Buffer): number | undefined {
  const at = position - LEAST - from;
  if (at >= 0 && at + LEAST <= bytes.length) return crc32(bytes.subarray(at, at + LEAST));
  if (packed !== undefined) return undefined;
  return crc32(scratch.subarray(0, readSync(fd, scratch, 0, LEAST, position - LEAST)));
}

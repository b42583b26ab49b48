// A source is one generation of one file; offsets count within a source. After a truncation, or when an inode is reused, the file
// gets a new source id. The state database keeps ids and identities; inputs match files against them.
import { randomBytes } from "node:crypto";

/** 96 random bits as 24 hex digits. */
export type SourceId = string;

export function newSourceId(): SourceId {
  return randomBytes(12).toString("hex");
}

/** How a file is recognised again. Everything must match except `device`, which is only a hint. */
export interface Identity {
  readonly path: string;
  readonly device: string;
  /** Decimal text, since inode numbers and nanoseconds exceed the precision of a number. */
  readonly inode: string;
  readonly birthNs: string;
  /** Fingerprint: crc32 of the first `headLength` bytes. It grows with the file up to a fixed length. */
  readonly headLength: number;
  readonly headHash: number;
}

/** Tail checksum: crc32 of the last bytes (at most MARK_LENGTH) before an offset. Tells a regrown file from the one read. */
export interface Mark {
  readonly length: number;
  readonly hash: number;
}
export const MARK_LENGTH = 64;
export const NO_MARK: Mark = { length: 0, hash: 0 };

/** A source as the state database has it at start. */
export interface KnownSource {
  readonly id: SourceId;
  readonly input: string;
  readonly identity: Identity;
  /** Where reading began; the ledger's `read` is [origin, checkpoint). */
  readonly origin: number;
  /** Where reading continues. */
  readonly checkpoint: number;
  /** Tail checksum of the bytes before the checkpoint. */
  readonly mark: Mark;
}

// A source is one generation of one file: what an offset is an offset of. It gets a new id after a truncation or when
// an inode is used again. Ids and identities are kept in the state database; inputs match files against them.
import { randomBytes } from "node:crypto";

/** 96 random bits as 24 hex digits. */
export type SourceId = string;

export function newSourceId(): SourceId {
  return randomBytes(12).toString("hex");
}

/** How a file is recognised again. Everything but `device`, which is only a hint, must fit. */
export interface Identity {
  readonly path: string;
  readonly device: string;
  /** Decimal text: inode numbers and nanoseconds exceed what a number holds. */
  readonly inode: string;
  readonly birthNs: string;
  /** crc32 of the first `headLength` bytes; grows with the file up to a fixed length. */
  readonly headLength: number;
  readonly headHash: number;
}

/** crc32 of the last bytes (at most MARK_LENGTH) before an offset: tells a regrown file from the one that was read. */
export interface Mark {
  readonly length: number;
  readonly hash: number;
}
export const MARK_LENGTH = 64;
export const NO_MARK: Mark = { length: 0, hash: 0 };

/** A source as the state database knows it at start. */
export interface KnownSource {
  readonly id: SourceId;
  readonly input: string;
  readonly identity: Identity;
  /** Where reading began; the ledger's `read` is [origin, checkpoint). */
  readonly origin: number;
  /** Where reading goes on. */
  readonly checkpoint: number;
  /** Of the bytes before the checkpoint. */
  readonly mark: Mark;
}

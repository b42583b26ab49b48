// What the buffer knows about a source. Invariants: positions only increase. Everything before the checkpoint has a durable
// row or a durable fate, and nothing after the checkpoint has either.
import { assert } from "../../core/errors.ts";
import type { Identity, KnownSource, Mark, SourceId } from "../../core/source.ts";
import type { SourceRow, StoredSource } from "../spool/spool.ts";

/** A chunk without a row, as its source sees it. */
interface Unwritten {
  readonly start: number;
  readonly isOpen: boolean;
  next: Unwritten | undefined;
}

/** Names that many sources have, each kept once. */
const names = new Map<string, string>();
const MOST_NAMES = 10_000;

function shared(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (names.size < MOST_NAMES) names.set(name, name);
  return name;
}

/**
 * A KnownSource plus what this process knows about the source. There may be 200,000 sources, so objects and strings that came from
 * another thread are not kept: they take twice the memory.
 */
export class SourceState implements KnownSource {
  /** The number by which rows refer to the source. */
  readonly num: number;
  readonly id: SourceId;
  readonly input: string;
  readonly origin: number;
  identity: Identity;
  /** The file was renamed, or its fingerprint has grown, since the identity was last written. */
  identityChanged: boolean;
  /** Durable read position, and the checksum of the last bytes before it. */
  checkpoint: number;
  mark: Mark;
  /** End of the last admitted chunk, and the checksum of the last bytes before it. */
  position: number;
  positionMark: Mark;
  /** Bytes before this offset may have been sent by an earlier process; undefined: all bytes. */
  rereadLimit: number | undefined;
  /** "gone": the file was unlinked or truncated, so unresolved bytes can never be read again. */
  presence: "there" | "gone" = "there";
  /** The id, and the fingerprint if there is one, are committed with synchronous=FULL. */
  durable: boolean;
  /** The file went away since the last FULL commit, so rows of the source may have been written without a sync. */
  needsSync = false;
  /** Nothing more will be read. The source is deleted from the database once all its records have durable fates. */
  retired = false;
  /** Number of its chunks that are rows in the database. */
  rows: number;
  /** Linked list of its chunks that have no row, in the order of their spans. The first holds back the checkpoint. */
  first: Unwritten | undefined;
  last: Unwritten | undefined;

  constructor(row: KnownSource & { readonly num: number }, rows: number, durable: boolean) {
    this.num = row.num;
    this.id = row.id;
    this.input = shared(row.input);
    this.origin = row.origin;
    const { path, device, inode, birthNs, headLength, headHash } = row.identity;
    this.identity = { path, device: shared(device), inode, birthNs, headLength, headHash };
    this.identityChanged = !durable;
    this.checkpoint = row.checkpoint;
    this.mark = { length: row.mark.length, hash: row.mark.hash };
    this.position = row.checkpoint;
    this.positionMark = this.mark;
    // An earlier process may have sent anything that it read; openSource() sets the limit to the size of the file.
    this.rereadLimit = durable ? undefined : 0;
    this.durable = durable;
    this.rows = rows;
    this.first = undefined;
    this.last = undefined;
  }
}

/** A source as a start finds it in the database. */
export function storedSource(row: StoredSource): SourceState {
  return new SourceState(row, row.chunks, true);
}

/**
 * Whether the source may be released: every byte before the read position has a fate or a row, and no power cut can undo rows
 * that were written without a sync while the file could still be read again.
 */
export function answeredFor(source: SourceState): boolean {
  if (source.needsSync) return false;
  for (let chunk = source.first; chunk; chunk = chunk.next) if (chunk.isOpen) return false;
  return true;
}

/** Whether a retired source has nothing left, in memory or as a row, so that it can be deleted from the database. */
export function isForgettable(source: SourceState): boolean {
  const { retired, first, rows, checkpoint, position, durable } = source;
  return retired && first === undefined && rows === 0 && checkpoint === position && durable;
}

/** The source as a transaction writes it. */
export function sourceRow(source: SourceState, checkpoint: number, mark: Mark): SourceRow {
  const { num, id, input, identity, origin } = source;
  return { num, id, input, identity, origin, checkpoint, mark };
}

/** Appends a chunk that has no row yet to the source's list. */
export function append(source: SourceState, chunk: Unwritten): void {
  assert(chunk.start === source.position, `a gap: chunk at ${chunk.start}, source at ${source.position}`);
  if (source.last) source.last.next = chunk;
  else source.first = chunk;
  source.last = chunk;
}

/** Removes the first chunk from the source's list: it has become a row, or the books have its counts. */
export function dropFirst(source: SourceState): void {
  const chunk = source.first as Unwritten;
  source.first = chunk.next;
  if (source.first === undefined) source.last = undefined;
  chunk.next = undefined;
}

// A chunk as the buffer holds it, from admission until its durable fate. What must hold:
// - open records = records without a fate; `openBytes` are their bytes of the source.
// - a chunk with open records has its bytes in a region, or in a durable row, or both.
// - row "writing": a transaction reads the region, which therefore stays until the answer (rule W7).
import type { Arena, Region } from "../core/arena.ts";
import type { Envelope } from "../core/chunk.ts";
import type { Count, Fate } from "../core/fate.ts";
import type { Identity, Mark, SourceId } from "../core/source.ts";
import type { DeadLetter } from "./spool.ts";
import { SeqQueue } from "./seq-queue.ts";
import type { Share } from "./shares.ts";

/**
 * What the buffer knows of a source. Positions only rise; everything before the checkpoint has a durable row or fate
 * (rule I1).
 */
export interface SourceState {
  readonly id: SourceId;
  readonly input: string;
  readonly origin: number;
  identity: Identity;
  /** Durable, and the mark of the bytes before it. */
  checkpoint: number;
  mark: Mark;
  /** End of the last admitted chunk, and the mark of the bytes before it. */
  position: number;
  positionMark: Mark;
  /** Bytes below this may have been sent by an earlier process. */
  rereadLimit: number;
  /** "gone": unlinked or truncated, unresolved bytes can never be read again. */
  presence: "there" | "gone";
  /** The id is committed with synchronous=FULL, and with it a head if there is one. */
  durable: boolean;
  /** Identity changed since the last commit that carried it. */
  changed: boolean;
  /** Noticed gone since the last FULL commit (rule W5). */
  needsSync: boolean;
  /** Nothing of it will be read again: its row goes when all of it is answered for. */
  retired: boolean;
  /** Chunks of it that the buffer still holds. */
  held: number;
  /** Its rows that are not in memory. */
  unloaded: SeqQueue<Chunk>;
}

/** What all have in common that never had one: there may be 100,000 sources. Nothing is ever added to it. */
export const NONE_UNLOADED = new SeqQueue<Chunk>();

export interface Lease {
  /** Open chunks only, by rising sequence number. */
  chunks: Chunk[];
  state: "waiting" | "wire";
  /** Bytes of the bodies quota that it holds. */
  body: number;
}

export interface Chunk {
  readonly seq: number;
  readonly source: SourceState;
  readonly envelope: Envelope;
  readonly share: Share;
  /** Span in the source, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Records kept at admission, and their bytes of the source. */
  readonly records: number;
  readonly bytes: number;
  /** What admission counted out. Memory only: a row carries these fates into the ledger when it is inserted. */
  readonly counted: ReadonlyMap<Fate, Count>;
  /** One in `keep` was kept where `counted` has sampled records; else 0. */
  readonly keep: number;
  readonly readAtMs: number;
  /** Monotonic. */
  readonly bornMs: number;
  /** Of the source's bytes before `start`. */
  readonly markBefore: Mark;
  /** Bytes of the region and of the table when they are loaded. */
  readonly length: number;
  readonly tableLength: number;
  region: Region | undefined;
  table: Region | undefined;
  row: "no" | "writing" | "yes";
  /** Bytes of the row in the database; 0 without a row. */
  stored: number;
  lease: Lease | undefined;
  /** On the wire when it was evicted: dropped when the request ends, unless stored. */
  marked: Fate | undefined;
  /** False: read again it would not be there, or would not be the same. */
  replayable: boolean;
  /** A row is wanted before it is sent: under its id the server keeps what comes first. */
  readonly rowFirst: boolean;
  /** "in": the worker writes into the regions, which therefore stay. */
  paging: "none" | "in";
  /** Called once, when the buffer answers for a chunk that cannot be read again (rule A1). */
  answer: (() => void) | undefined;
  /** An earlier attempt, of this process or one before, may have stored some of it. */
  maybe: boolean;
  open: number;
  openBytes: number;
  /** A fate per record, from the first time that they differ. */
  fates: Uint8Array | undefined;
  /** Fates of delivery so far. */
  readonly settled: Map<Fate, Count>;
  /** Waiting to be stored with the chunk's fate. */
  letters: DeadLetter[];
}

export function isOpen(chunk: Chunk): boolean {
  return chunk.open > 0;
}

/** About what the chunk takes as documents: its bytes, and per record what surrounds a message. */
export function encodedEstimate(chunk: Chunk): number {
  return chunk.length + chunk.records * 256;
}

/** Bytes of the arena that the chunk takes now. */
export function memoryOf(chunk: Chunk): number {
  return (chunk.region?.size ?? 0) + (chunk.table?.size ?? 0);
}

export function releaseRegions(arena: Arena, chunk: Chunk): void {
  if (chunk.region) arena.release(chunk.region);
  if (chunk.table) arena.release(chunk.table);
  chunk.region = undefined;
  chunk.table = undefined;
}

export function addCount(to: Map<Fate, Count>, fate: Fate, records: number, bytes: number): void {
  const count = to.get(fate);
  if (count) {
    count.records += records;
    count.bytes += bytes;
  } else to.set(fate, { records, bytes });
}

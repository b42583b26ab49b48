// How memory and disk are divided. The quotas keep the users of the arena from starving each other: bodies never take the
// room of chunks, readers never take the room to load the oldest rows of the backlog, and requests never take everything.

/** What can change while the buffer runs. */
export interface Limits {
  /** Bytes of rows that the database may hold; 0: no rows at all. */
  rows: number;
}

export interface Quotas {
  /** Bytes of the largest chunk with its table. */
  readonly largest: number;
  /** Bytes for encoded request bodies; chunks never use them. */
  readonly bodies: number;
  /** Bytes for chunks: those being read from files, waiting, or loaded from the database. */
  readonly pool: number;
  /** Part of the pool that readers leave free, to load the oldest rows of the backlog. */
  readonly page: number;
  /** Part of the pool that readers may fill for queues that spill, with chunks that are not rows yet. */
  readonly stage: number;
  /** Chunks handed out to requests. */
  readonly leased: number;
  /** Limits on the new rows of one transaction: their bytes and their number. */
  readonly slice: number;
  readonly sliceRows: number;
  /** Estimated bytes of documents that may wait to be sent in memory mode. More would only evict memory from the CPU cache. */
  readonly ahead: number;
  /** Chunks of one batch; twice as many may wait. Otherwise 10,000 files with one line each would all be read at once. */
  readonly chunks: number;
  /** Limits on chunks without a row and on rows that have an object. Each takes about 500 bytes of heap. */
  readonly fresh: number;
  readonly window: number;
  /** Least charge of a chunk to the memory budget, so that `fresh` chunks fill the budget however small they are. */
  readonly leastCharge: number;
  /** Bodies of dead letters that wait for a commit, in bytes. */
  readonly deadLetters: number;
}

const MIB = 1 << 20;
const PAGE = 16_384;

/**
 * @param memory bytes of the arena @param batch bytes of one encoded body @param largest bytes of the largest chunk
 */
export function quotas(memory: number, batch: number, largest: number): Quotas {
  const bodies = Math.max(batch, Math.floor((memory * 3) / 8));
  const pool = memory - bodies;
  const stage = Math.max(largest, Math.floor(pool / 4));
  const fresh = 8192;
  return {
    largest,
    bodies,
    pool,
    page: largest,
    stage,
    leased: pool - stage - largest,
    slice: 4 * MIB,
    sliceRows: 4000,
    ahead: 2 * batch,
    chunks: 1000,
    fresh,
    window: 8192,
    leastCharge: Math.floor((pool - largest) / fresh),
    deadLetters: Math.max(64 * 1024, Math.floor(memory / 32)),
  };
}

export interface DiskBudget {
  /** Stored bytes of rows; 0: no rows at all. */
  readonly rows: number;
  /** PRAGMA max_page_count; 0 = no limit. */
  readonly maxPages: number;
  /** Size of the reserve file, which keeps room for deletes and for a checkpoint of the WAL. */
  readonly reserve: number;
  /** Largest size of the WAL, as long as no reader holds the database for long. */
  readonly log: number;
  /** PRAGMA wal_autocheckpoint. */
  readonly checkpointPages: number;
}

/** A smaller budget is treated as no disk: the WAL alone would fill it. */
const LEAST_DISK = 8 * MIB;

/**
 * Divides the space for the state. The budget covers the real size of the database, the WAL and the reserve. PRAGMA
 * max_page_count stops the database before the disk is full: a full database can still delete, but on a full disk a delete
 * and a checkpoint have no room to begin. So the reserve is as large as the largest WAL that a checkpoint may have to copy.
 * @param disk bytes; 0 = memory only
 */
export function diskBudget(disk: number): DiskBudget {
  if (disk < LEAST_DISK) return { rows: 0, maxPages: 0, reserve: 0, log: 0, checkpointPages: CHECKPOINT_PAGES };
  const beside = Math.min(16 * MIB, Math.floor(disk / 4));
  const database = disk - beside;
  const log = Math.floor(beside / 2);
  return {
    // Checkpoints, ledger and envelopes need some room too.
    rows: Math.floor(0.95 * database),
    maxPages: Math.floor(database / PAGE),
    reserve: Math.floor((beside * 7) / 16),
    log,
    checkpointPages: Math.min(CHECKPOINT_PAGES, Math.floor(beside / 8 / PAGE)),
  };
}

/** 4 MiB. */
const CHECKPOINT_PAGES = 256;
const LEAST_SLICE = 64 * 1024;

/** Bytes of new rows in one transaction. With the pages that wait for a checkpoint, they fit into the space for the WAL. */
export function slice({ slice: most }: Quotas, rows: number): number {
  return Math.min(most, Math.max(LEAST_SLICE, Math.floor(rows / 14)));
}

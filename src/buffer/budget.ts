// How `buffer.disk` is divided. The budget is the real size of database and WAL, so rows get what the WAL, checkpoints
// and half-filled pages leave. PRAGMA max_page_count stops the database before the disk does: a full database can still
// delete, a full disk cannot.

export interface DiskBudget {
  /** Stored bytes of rows; 0: no rows at all. */
  readonly rows: number;
  /** PRAGMA max_page_count; 0 = no limit. */
  readonly maxPages: number;
}

const MIB = 1 << 20;
const PAGE = 16_384;

/** @param disk bytes; 0 = memory only */
export function diskBudget(disk: number): DiskBudget {
  if (disk === 0) return { rows: 0, maxPages: 0 };
  const reserve = Math.min(16 * MIB, Math.floor(disk / 4));
  const database = disk - reserve;
  // Rows end in half-filled pages, and other tables want some room too.
  return { rows: Math.floor(database * 0.95), maxPages: Math.floor((database + reserve / 4) / PAGE) };
}

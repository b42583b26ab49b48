// Schema version 4 of the state database. It fixes what cannot be changed later: page size, vacuum mode, a checksum and a codec
// per block, the record table, envelopes, how a source is recognised. docs/design.md explains each table.

/** The newest version that this code knows; PRAGMA user_version. */
export const SCHEMA_VERSION = 4;
/** Key of table `meta`: a copy of the version, by which a flipped bit in the header is told from a newer spillway. */
export const VERSION_COPY = "schema";
export const COPY_VERSION = `INSERT OR REPLACE INTO meta VALUES ('${VERSION_COPY}', '${SCHEMA_VERSION}');`;
/** Every change of the version sets both, in one transaction. */
export const SET_VERSION = `PRAGMA user_version = ${SCHEMA_VERSION}; ${COPY_VERSION}`;
/** PRAGMA application_id: "spwy". */
export const APPLICATION_ID = 0x73707779;

/** 16 KiB pages: rows of 256 KiB cost 1.2 CPU-s per GB (4 KiB pages: 2.1), and a small commit writes 32 KiB of WAL. */
export const BEFORE_TABLES = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;";

/** Tables that version 1 lacked or had with other columns. */
export const BACKLOG_TABLES = `
-- One generation of one file. Everything before the checkpoint has a row or a durable fate, nothing behind it has.
CREATE TABLE sources (
  num INTEGER PRIMARY KEY,            -- what heads refer to; never used again
  id TEXT NOT NULL,                   -- 24 hex digits
  input TEXT NOT NULL,
  path TEXT NOT NULL,                 -- as last seen
  device TEXT NOT NULL,               -- a hint only
  inode TEXT NOT NULL,
  birth_ns TEXT NOT NULL,
  head_length INTEGER NOT NULL,       -- crc32 of that many first bytes
  head_hash INTEGER NOT NULL,
  mark_length INTEGER NOT NULL,       -- crc32 of that many bytes before the checkpoint
  mark_hash INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  checkpoint INTEGER NOT NULL,
  chunks INTEGER NOT NULL             -- rows of the backlog
);

-- What all records of a chunk have in common, fixed when they were read.
CREATE TABLE envelopes (
  id INTEGER PRIMARY KEY,
  input TEXT NOT NULL, path TEXT NOT NULL, host TEXT NOT NULL,
  fields TEXT NOT NULL,               -- JSON
  index_pattern TEXT NOT NULL, policy TEXT NOT NULL,
  chunks INTEGER NOT NULL             -- rows of the backlog
);

CREATE TABLE queues (id INTEGER PRIMARY KEY, policy TEXT NOT NULL, target TEXT NOT NULL);

-- The index of the backlog: one row per chunk, in the order in which a queue is sent.
CREATE TABLE heads (
  queue INTEGER NOT NULL, seq INTEGER NOT NULL,
  source INTEGER NOT NULL, envelope INTEGER NOT NULL,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL,
  read_at_ms INTEGER NOT NULL, aged_ms INTEGER NOT NULL, possibly_stored INTEGER NOT NULL,
  length INTEGER NOT NULL, table_length INTEGER NOT NULL, actions_length INTEGER NOT NULL,
  block INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (queue, seq)
) WITHOUT ROWID;

-- Chunks of one queue and one input, compressed together. Narrow, because it changes with each row that ends.
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY,             -- negative: the body is row -id of the table chunks, which version 1 wrote
  queue INTEGER NOT NULL, input TEXT NOT NULL,
  first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  live INTEGER NOT NULL,              -- rows that have not ended
  stored INTEGER NOT NULL             -- bytes that it takes on disk
);
CREATE TABLE bodies (
  block INTEGER PRIMARY KEY,
  codec INTEGER NOT NULL,             -- 0 raw, 1 zstd
  checksum INTEGER NOT NULL,          -- crc32 of data as stored
  length INTEGER NOT NULL,            -- unpacked
  data BLOB NOT NULL                  -- per chunk: records, record table, action metadata
);

-- Sums over heads and blocks, changed in the same transactions.
CREATE TABLE totals (
  queue INTEGER NOT NULL, input TEXT NOT NULL,
  chunks INTEGER NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL, stored INTEGER NOT NULL,
  PRIMARY KEY (queue, input)
) WITHOUT ROWID;
`;

/** Tables as in version 1. */
export const OTHER_TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- fate: 'read', 'retired' or a name of core/fate.ts.
CREATE TABLE ledger (
  input TEXT NOT NULL, fate TEXT NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (input, fate)
) WITHOUT ROWID;

CREATE TABLE losses (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL, input TEXT NOT NULL, source TEXT NOT NULL, path TEXT NOT NULL,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL, fate TEXT NOT NULL,
  records INTEGER NOT NULL, bytes INTEGER NOT NULL, uncertain INTEGER NOT NULL,
  keep INTEGER NOT NULL, hash_version INTEGER NOT NULL
);
CREATE INDEX losses_by_source ON losses (source, "end");

CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL, input TEXT NOT NULL, source TEXT NOT NULL, path TEXT NOT NULL,
  offset INTEGER NOT NULL, bytes INTEGER NOT NULL, index_name TEXT NOT NULL,
  status INTEGER NOT NULL, type TEXT NOT NULL, reason TEXT NOT NULL, body BLOB
);
`;

/** Columns that version 2 adds. */
export const COLUMNS_2 = "ALTER TABLE losses ADD COLUMN merged INTEGER NOT NULL DEFAULT 0;";

/** Columns that version 3 adds to dead letters: the kind, equal for letters with the same reason; the rest of the document. */
export const COLUMNS_3 = `
ALTER TABLE dead_letters ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;  -- 0: of an earlier version
ALTER TABLE dead_letters ADD COLUMN document TEXT;                    -- JSON; null: of an earlier version
CREATE INDEX dead_letters_by_kind ON dead_letters (kind, id);
`;

/** What version 4 adds for `losses backfill`. */
export const COLUMNS_4 = `
ALTER TABLE losses ADD COLUMN backfilled_to INTEGER NOT NULL DEFAULT 0;  -- an offset: what lies before was delivered later
CREATE INDEX dead_letters_by_source ON dead_letters (source);

-- Sources that were forgotten and of which something is missing: by this their files are recognised.
CREATE TABLE lost_sources (
  id TEXT PRIMARY KEY, path TEXT NOT NULL, inode TEXT NOT NULL, birth_ns TEXT NOT NULL,
  head_length INTEGER NOT NULL, head_hash INTEGER NOT NULL,
  mark_length INTEGER NOT NULL, mark_hash INTEGER NOT NULL, checkpoint INTEGER NOT NULL
) WITHOUT ROWID;
`;

// Version 1 of the state database. What cannot be changed later is fixed here: page size, vacuum mode, a checksum and a
// codec per row, the record table, envelopes, how a source is recognised. A later version adds a step; none is rewritten.

/** The newest version that this code knows; PRAGMA user_version. */
export const SCHEMA_VERSION = 1;
/** PRAGMA application_id: "spwy". */
export const APPLICATION_ID = 0x73707779;

/** 16 KiB pages: 256 KiB rows cost 1.2 CPU-s per GB against 2.1 with 4 KiB, and a small commit writes 32 KiB of WAL. */
export const BEFORE_TABLES = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;";

/** steps[i] leads from version i to i + 1. */
export const STEPS: readonly string[] = [
  `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One generation of one file. Everything before checkpoint has a row or a durable fate, nothing after it has.
CREATE TABLE sources (
  id TEXT PRIMARY KEY,                -- 24 hex digits
  input TEXT NOT NULL,
  path TEXT NOT NULL,                 -- as last seen
  device TEXT NOT NULL,               -- a hint only
  inode TEXT NOT NULL,
  birth_ns TEXT NOT NULL,
  head_length INTEGER NOT NULL,       -- crc32 of that many first bytes
  head_hash INTEGER NOT NULL,
  mark_length INTEGER NOT NULL,       -- crc32 of that many bytes before checkpoint
  mark_hash INTEGER NOT NULL,
  origin INTEGER NOT NULL,
  checkpoint INTEGER NOT NULL
) WITHOUT ROWID;

-- What all records of a chunk have in common, fixed when they were read.
CREATE TABLE envelopes (
  id INTEGER PRIMARY KEY,
  input TEXT NOT NULL, path TEXT NOT NULL, host TEXT NOT NULL,
  fields TEXT NOT NULL,               -- JSON
  index_pattern TEXT NOT NULL, policy TEXT NOT NULL
);

CREATE TABLE chunks (
  seq INTEGER PRIMARY KEY,
  source TEXT NOT NULL, envelope INTEGER NOT NULL,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  records INTEGER NOT NULL, bytes INTEGER NOT NULL,
  read_at_ms INTEGER NOT NULL,
  mark_length INTEGER NOT NULL, mark_hash INTEGER NOT NULL,
  length INTEGER NOT NULL, table_length INTEGER NOT NULL,
  codec INTEGER NOT NULL,             -- 0 raw, 1 zstd; of both blobs
  checksum INTEGER NOT NULL,          -- crc32 of data, then of record_table, as stored
  data BLOB NOT NULL, record_table BLOB
);

-- For several outputs later: who has settled which chunk. One output today deletes the row instead.
CREATE TABLE settled (seq INTEGER NOT NULL, output TEXT NOT NULL, PRIMARY KEY (seq, output)) WITHOUT ROWID;

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
`,
];

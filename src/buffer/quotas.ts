// How the arena is divided (rules Q1-Q5 of the buffer's model). With these no part can starve another: bodies never take
// the chunks' room, the reader never takes the room that brings the head of the backlog in, leases never take all.

export interface Quotas {
  /** The largest chunk with its table. */
  readonly largest: number;
  /** For encoded bodies, never used by chunks. */
  readonly bodies: number;
  /** For chunks, loaded or being read. */
  readonly pool: number;
  /** Kept free of intake in memory and degraded mode, to load the head of the backlog. */
  readonly page: number;
  /** What intake may hold in spill mode that is not yet a row. */
  readonly stage: number;
  /** Chunks handed out to the sink. */
  readonly leased: number;
  /** New rows of one transaction. */
  readonly slice: number;
  /** Documents, as estimated, that may wait to be leased in memory mode: more would only make memory cold. */
  readonly ahead: number;
  /** Chunks of one batch, and twice as many may wait: of 10,000 files that have a line each, all would come at once. */
  readonly chunks: number;
  /** Bodies of dead letters that wait for a commit. */
  readonly letters: number;
}

const MIB = 1 << 20;

/**
 * @param memory bytes of the arena @param batch bytes of one encoded body @param largest bytes of the largest chunk
 */
export function quotas(memory: number, batch: number, largest: number): Quotas {
  const bodies = Math.max(batch, Math.floor((memory * 3) / 8));
  const pool = memory - bodies;
  const stage = Math.max(largest, Math.floor(pool / 4));
  return {
    largest,
    bodies,
    pool,
    page: largest,
    stage,
    leased: pool - stage - largest,
    slice: 4 * MIB,
    ahead: 2 * batch,
    chunks: 1000,
    letters: Math.max(64 * 1024, Math.floor(memory / 32)),
  };
}

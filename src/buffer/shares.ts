// Each ladder in use owns a share of the budget. Its utilization counts what its unresolved chunks occupy, each once.

export interface Share {
  readonly policy: string;
  /** Of the whole, above 0 and at most 1. */
  readonly ratio: number;
  /** Bytes of the arena held by its open chunks. */
  memory: number;
  /** Rows at their stored size, chunks without a row at their own. */
  disk: number;
}

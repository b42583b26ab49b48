// A ladder's share of the budget, and how much of the share is used.
export interface Share {
  readonly policy: string;
  /** Fraction of the budget, at most 1. 0 for a ladder that is no longer configured and only drains. */
  readonly ratio: number;
  /** Number of inputs that use the ladder. */
  readonly inputs: number;
  /** Utilization at which the first rung is entered; 1 if there are no rungs. */
  readonly firstRung: number;
  /** Bytes of the memory budget that open chunks without a row take. */
  memory: number;
  /** Bytes of the disk budget that open chunks take: rows at their stored size, others at an estimate. */
  disk: number;
  /** The part of `disk` that rows take. */
  stored: number;
  /** The part of `stored` that drops in flight are expected to free. */
  promised: number;
  /** Bytes of the arena in regions that readers hold. */
  reserved: number;
}

/** The fixed fields of a share. */
export type ShareSpec = Pick<Share, "ratio" | "inputs" | "firstRung">;

export function newShare(policy: string, { ratio, inputs, firstRung }: ShareSpec): Share {
  return { policy, ratio, inputs, firstRung, memory: 0, disk: 0, stored: 0, promised: 0, reserved: 0 };
}

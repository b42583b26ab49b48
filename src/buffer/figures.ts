// A snapshot of the buffer's figures. Counters are updated as things change, so the cost of a snapshot does not grow with the
// backlog.
import type { Count } from "../core/fate.ts";
import { leasedIn } from "./chunk.ts";
import { onDisk } from "./queue.ts";
import { type Account, addTo } from "./ledger/ledger.ts";
import { type Mode, modeOf } from "./budget/modes.ts";
import type { BufferState, Disk } from "./state.ts";

export interface BufferFigures {
  readonly mode: Mode;
  readonly disk: Disk;
  /** Bytes of the arena in use. */
  readonly memoryBytes: number;
  /** Chunks with open records, in memory or not. */
  readonly open: number;
  /** Chunks set aside: they do not fit into the memory of this configuration, or cannot be read for now. */
  readonly aside: number;
  /** By input: records that have no fate yet. */
  readonly buffered: ReadonlyMap<string, Count>;
  /** By input: everything read, and what became of it. */
  readonly accounts: ReadonlyMap<string, Account>;
  readonly targets: readonly TargetFigures[];
  /** Wall clock when the oldest open chunk that has an object was read; undefined if there is none. */
  readonly oldestMs: number | undefined;
}

export interface TargetFigures {
  readonly target: string;
  readonly chunks: number;
  readonly stuck: boolean;
  /** Open records and their bytes, on disk and in memory. */
  readonly records: number;
  readonly bytes: number;
}

export function figures(state: BufferState): BufferFigures {
  const buffered = new Map<string, Count>();
  let aside = 0;
  for (const queue of state.queues.values()) {
    aside += queue.aside.size;
    for (const { input, open } of queue.stocks.values()) {
      const sum = buffered.get(input) ?? { records: 0, bytes: 0 };
      addTo(sum, open.records, open.bytes);
      buffered.set(input, sum);
    }
  }
  return {
    mode: modeOf(state),
    disk: state.disk,
    memoryBytes: state.arena.used,
    open: state.open,
    aside,
    buffered,
    accounts: new Map(state.ledger),
    targets: [...state.targets.values()].map((target) => {
      const sum = { records: 0, bytes: 0 };
      for (const { stocks } of target.queues)
        for (const { open } of stocks.values()) addTo(sum, open.records, open.bytes);
      return { target: target.name, chunks: target.open, stuck: target.stuck, ...sum };
    }),
    oldestMs: oldest(state),
  };
}

function oldest(state: BufferState): number | undefined {
  let at = Infinity;
  for (const { ready, unloaded, aside } of state.queues.values()) {
    for (const { first } of [ready, unloaded, aside]) if (first) at = Math.min(at, first.readAtMs);
  }
  for (const lease of state.leases) for (const chunk of leasedIn(lease)) at = Math.min(at, chunk.readAtMs);
  return at === Infinity ? undefined : at;
}

/** Whether any queue has rows without an object. Only the spool knows how old such rows are. */
export function hasRowsOnDisk(state: BufferState): boolean {
  for (const queue of state.spilled) if (onDisk(queue) > 0) return true;
  return false;
}

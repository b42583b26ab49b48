// Restores the state that an earlier process left. Only the stored sums of the backlog are read here. The pager loads the rows.
import { type Recovered } from "./spool/spool.ts";
import { type BufferState, chargeBlock, countOpen, countRows } from "./state.ts";
import { setMode } from "./budget/modes.ts";
import { stockOf } from "./queue.ts";

export function restore(state: BufferState, recovered: Recovered): void {
  for (const { id, policy, target } of recovered.queues) state.queue(policy, target, id);
  for (const { queue: id, input, chunks, records, bytes, stored } of recovered.totals) {
    const queue = state.queueById.get(id);
    if (!queue) throw new Error(`BUG: sums for queue ${id}, which is not there`);
    const stock = stockOf(queue, input);
    stock.open.records += records;
    stock.open.bytes += bytes;
    countRows(state, queue, chunks);
    countOpen(state, queue.target, chunks);
    chargeBlock(state, { stock, stored }, 1);
  }
  // Rows are sent first, in order. Chunks that are read meanwhile queue behind them.
  for (const queue of state.spilled) setMode(state, queue, "spill");
  for (const { input, atMs } of recovered.starts) state.starts.set(input, atMs);
  state.nextSource = recovered.nextSource;
  state.nextEnvelope = recovered.nextEnvelope;
  state.nextSeq = recovered.meta?.nextSeq ?? 1;
  state.firstSeq = state.nextSeq;
  state.fitted = recovered.meta?.limits ?? {};
}

// Drops queues and targets that no chunk belongs to any more. With a new index each day, an agent that runs for a year would
// otherwise keep all of them. A later chunk for such a target starts a new queue.
import { type Chunk, type Queue, leasedIn } from "./chunk.ts";
import type { BufferState } from "./state.ts";

/** Interval between searches. A search scans all chunks without a row. */
const EVERY_MS = 60_000;

export class IdleQueues {
  private readonly state: BufferState;
  private lookedAt = 0;

  constructor(state: BufferState) {
    this.state = state;
  }

  /** Drops the unused queues, at most once a minute. */
  look(): void {
    const now = this.state.clock.now();
    if (now - this.lookedAt < EVERY_MS) return;
    this.lookedAt = now;
    dropIdleQueues(this.state);
  }
}

export function dropIdleQueues(state: BufferState): void {
  const used = new Set<Queue>();
  for (const chunk of chunksInMemory(state)) used.add(chunk.queue);
  for (const [key, queue] of state.queues) {
    if (queue.rows > 0 || queue.busy || used.has(queue)) continue;
    state.queues.delete(key);
    state.queueById.delete(queue.id);
    const { queues } = queue.target;
    queues.splice(queues.indexOf(queue), 1);
  }
  // A stuck target is kept until its delivery lane no longer marks it as stuck.
  for (const [name, { queues, stuck }] of state.targets) {
    if (queues.length === 0 && !stuck) state.targets.delete(name);
  }
}

/** Chunks without a row, and chunks in requests. Other rows need no scan: `queue.rows` counts them. */
function* chunksInMemory(state: BufferState): Generator<Chunk> {
  yield* state.fresh;
  for (const lease of state.leases) yield* leasedIn(lease);
}

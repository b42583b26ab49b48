// Decides when a queue starts and stops spilling, and changes the state of the disk. A queue's mode and the disk's state
// determine which open chunks get a row. Both change only here.
import { assert } from "../../core/errors.ts";
import type { Chunk, Queue, QueueMode, Target } from "../chunk.ts";
import { isNew, onDisk } from "../queue.ts";
import type { BufferState, Disk } from "../state.ts";

/** When a target has accepted nothing for this long, its queues spill to disk. */
export const STALL_MS = 5000;
/** A commit without an answer for this long counts as failed until the answer comes. */
export const LATE_MS = 10_000;
/** A chunk unresolved for this long gets a row in any mode, so that a crash after hours repeats only seconds of records. */
const AGE_MS = 30_000;

/** The mode that operators see. degraded: nothing can be written. spill: at least one queue spills. */
export type Mode = "memory" | "spill" | "degraded";

export function modeOf(state: BufferState): Mode {
  if (state.disk !== "working") return "degraded";
  for (const queue of state.queues.values()) if (queue.mode === "spill") return "spill";
  return "memory";
}

/** Whether a chunk without a row should get one with the next commit. */
export function wantsRow(state: BufferState, chunk: Chunk, nowMs: number): boolean {
  if (!chunk.isOpen || chunk.row !== "no" || state.limits.rows === 0) return false;
  if (state.phase === "stopping" || state.disk !== "working") return true;
  // A new chunk is about to be sent. Most of them never become rows.
  if (chunk.queue.mode === "spill" && (!isNew(state, chunk) || stageFills(state))) return true;
  return !chunk.replayable || nowMs - chunk.bornMs >= AGE_MS;
}

/** Half a slice waits to become rows, or readers would soon wait for room in the stage, or for the limit on such chunks. */
export function stageFills({ staged, fresh, quotas }: BufferState): boolean {
  return staged > Math.min(quotas.slice, quotas.stage) / 2 || fresh.size > quotas.fresh / 2;
}

/** Whether the target has accepted something lately, or has nothing to accept. */
export function takes(state: BufferState, { open, lastTake, stuck }: Target): boolean {
  return open === 0 || (!stuck && state.clock.now() - lastTake < STALL_MS);
}

/** Switches every queue that has to start or stop spilling. */
export function updateModes(state: BufferState): void {
  for (const queue of state.queues.values()) {
    if (queue.mode === "memory") {
      if (state.limits.rows > 0 && !takes(state, queue.target)) setMode(state, queue, "spill");
    } else if (mayLeave(state, queue)) setMode(state, queue, "memory");
  }
}

/**
 * A queue stops spilling when all its rows are in memory and the target accepts. Open rows may remain; otherwise one outage
 * would leave a busy host in spill mode for good. New chunks then stay in memory while the old rows settle.
 */
function mayLeave(state: BufferState, queue: Queue): boolean {
  if (state.phase === "stopping" || state.lag === "grows") return false;
  return onDisk(queue) === 0 && queue.unloaded.size === 0 && takes(state, queue.target);
}

/** Makes every queue spill: at shutdown, or while unread bytes grow. Without a disk, chunks stay in memory. */
export function spillAll(state: BufferState): void {
  if (state.limits.rows === 0) return;
  for (const queue of state.queues.values()) setMode(state, queue, "spill");
}

export function setMode(state: BufferState, queue: Queue, mode: QueueMode): void {
  if (queue.mode === mode) return;
  if (mode === "spill") assert(state.limits.rows > 0 || queue.rows > 0, "a queue spills without a disk");
  else assert(onDisk(queue) === 0 && queue.unloaded.size === 0, "a queue stops spilling with rows on disk");
  let memory = 0;
  for (const chunk of state.fresh) if (chunk.queue === queue) memory += chunk.memory;
  state.staged += mode === "spill" ? memory : -memory;
  queue.mode = mode;
}

const MAY_BECOME: Readonly<Record<Disk, readonly Disk[]>> = {
  working: ["late", "failed"],
  late: ["working", "failed"],
  failed: ["working"],
};

/** @returns whether the state has changed */
export function setDisk(state: BufferState, disk: Disk): boolean {
  if (state.disk === disk) return false;
  assert(MAY_BECOME[state.disk].includes(disk), `a disk that was ${state.disk} cannot become ${disk}`);
  state.disk = disk;
  return true;
}

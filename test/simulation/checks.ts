// The invariants that are checked after every step, from inside the agent: counters match the actual state, every limit is kept,
// and the ledger balances to the byte.
import type { Engine } from "../../src/agent/engine.ts";
import type { Chunk } from "../../src/buffer/chunk.ts";
import type { OutputOptions } from "../../src/core/options.ts";
import type { BufferState } from "../../src/buffer/state.ts";
import { sendable } from "../../src/buffer/queue.ts";
import { fail } from "./violation.ts";

/** Reads the buffer's private state. */
export function stateOf({ buffer }: Engine): BufferState {
  return (buffer as unknown as { state: BufferState }).state;
}

/**
 * Checks each chunk as it is leased. While the disk works, its source id must be durable, and a chunk whose last record
 * was ended by a time-out must already be a row.
 */
export function watchLeases(engine: Engine): void {
  const { outbox } = engine.buffer;
  const lease = outbox.lease.bind(outbox);
  outbox.lease = (target, limit, side) => {
    const state = stateOf(engine);
    const taken = lease(target, limit, side);
    for (const { seq, source, rowFirst, row } of taken?.chunks ?? []) {
      if (state.disk !== "working") continue;
      if (!source.durable) fail(`chunk ${seq} is sent, and its source is not durable`);
      if (rowFirst && row !== "yes" && state.limits.rows > 0) fail(`chunk ${seq} has to be a row before it is sent`);
    }
    return taken;
  };
}

/** Checks that while old chunks of a target are due, at most two requests in a row take new ones. */
export function watchTurns(engine: Engine, { order, batch }: OutputOptions): void {
  const { lanes } = engine.delivery;
  const begun = lanes.begun.bind(lanes);
  const newInRow = new Map<string, number>();
  lanes.begun = (lane, side) => {
    const { target, wide, maxDocs } = lane;
    if (side === "old") newInRow.delete(target);
    else {
      if (order === "oldest") fail(`${target} is sent new chunks first, and the order is oldest`);
      // A document that is too large, or that the server cannot read, is sent alone first.
      const counts = !wide && maxDocs === batch.records && isOldDue(stateOf(engine), target, batch.age);
      const count = (newInRow.get(target) ?? 0) + Number(counts);
      newInRow.set(target, count);
      if (count > 2) fail(`${target} is sent new chunks ${count} times in a row, and old ones wait`);
    }
    begun(lane, side);
  };
}

/** Whether old chunks of the target could be sent now, and wait for nothing. */
function isOldDue(state: BufferState, name: string, age: number): boolean {
  const target = state.target(name);
  const now = state.clock.now();
  const { first } = sendable(state, target, 1, state.newFrom);
  if (first === undefined || first.bornMs + age > now || first.waitsUntil > now || first.rowFirst) return false;
  return (first.source.durable || state.disk !== "working") && target.queues.every(({ loads }) => loads === 0);
}

/** Checks per input that read = all fates + buffered. */
export function checkLedger({ buffer }: Engine): void {
  const { accounts, buffered } = buffer.figures();
  for (const [input, { read, fates }] of accounts) {
    for (const unit of ["records", "bytes"] as const) {
      const known = fates.reduce((sum, count) => sum + count[unit], buffered.get(input)?.[unit] ?? 0);
      if (read[unit] !== known) fail(`${input}: ${read[unit]} ${unit} read, ${known} accounted for`);
    }
  }
}

interface Sums {
  pool: number;
  unwritten: number;
  staged: number;
  leased: number;
  window: number;
  open: number;
  stored: number;
}

/** Recomputes every counter and compares. */
export function checkState(engine: Engine): void {
  const state = stateOf(engine);
  const sums: Sums = { pool: 0, unwritten: 0, staged: 0, leased: 0, window: 0, open: 0, stored: 0 };
  const openOf = new Map<string, { records: number; bytes: number }>();
  for (const chunk of state.fresh) checkFresh(chunk, sums, openOf);
  for (const queue of state.queues.values()) {
    for (const chunk of queue.window) checkRow(state, chunk, sums);
    if (queue.rows < queue.window.size)
      fail(`queue ${queue.id} has ${queue.rows} rows, ${queue.window.size} with an object`);
  }
  checkReservations(engine, sums);
  for (const [name, said] of Object.entries(sums) as [keyof Sums, number][]) {
    if (name === "open" || name === "stored") continue;
    if (state[name] !== said) fail(`${name} is said to be ${state[name]}, and is ${said}`);
  }
  checkShares(state);
  checkLimits(engine, state);
  const { unexpectedDuplicates } = engine.delivery.metrics;
  if (unexpectedDuplicates > 0) fail(`${unexpectedDuplicates} documents were there already, and nobody knows why`);
}

function checkFresh(chunk: Chunk, sums: Sums, openOf: Map<string, { records: number; bytes: number }>): void {
  if (chunk.row === "yes") fail(`chunk ${chunk.seq} has a row and stands among those without`);
  sums.pool += chunk.memory;
  sums.unwritten += chunk.memory;
  if (chunk.queue.mode === "spill") sums.staged += chunk.memory;
  if (chunk.lease) sums.leased += chunk.memory;
  if (chunk.isOpen && !chunk.isLoaded) fail(`chunk ${chunk.seq} is open, without a row and not in memory`);
  checkPlace(chunk);
  openOf.set(chunk.stock.input, openOf.get(chunk.stock.input) ?? { records: 0, bytes: 0 });
}

function checkRow(state: BufferState, chunk: Chunk, sums: Sums): void {
  if (chunk.row !== "yes") fail(`chunk ${chunk.seq} has no row and stands in a window`);
  sums.pool += chunk.memory;
  if (chunk.lease) sums.leased += chunk.memory;
  sums.window++;
  if (chunk.block === undefined || state.blocks.get(chunk.block.id) !== chunk.block)
    fail(`chunk ${chunk.seq} has no block`);
  if (!chunk.isOpen && !state.ended.has(chunk)) fail(`row ${chunk.seq} is settled, and nobody removes it`);
  checkPlace(chunk);
}

/** An open chunk is in exactly one place, a settled one in none. */
function checkPlace(chunk: Chunk): void {
  const { ready, unloaded, aside } = chunk.queue;
  const places = [ready.has(chunk), unloaded.has(chunk), aside.has(chunk), chunk.lease !== undefined];
  const count = places.filter(Boolean).length;
  if (count !== (chunk.isOpen ? 1 : 0)) fail(`chunk ${chunk.seq}, ${chunk.open} open, stands in ${count} places`);
  if (chunk.lease && !chunk.lease.chunks.includes(chunk)) fail(`chunk ${chunk.seq} is not in its lease`);
  if (chunk.marked !== undefined && !chunk.lease) fail(`chunk ${chunk.seq} is marked, and no request carries it`);
  if (ready.has(chunk) && !chunk.isLoaded) fail(`chunk ${chunk.seq} is ready and not in memory`);
}

function checkReservations({ buffer }: Engine, sums: Sums): void {
  const { held } = (buffer as unknown as { reservations: { held: Map<unknown, { size: number; staged: boolean }> } })
    .reservations;
  for (const { size, staged } of held.values()) {
    sums.pool += size;
    sums.unwritten += size;
    if (staged) sums.staged += size;
  }
}

function checkShares(state: BufferState): void {
  for (const share of state.shares.values()) {
    let [memory, disk] = [0, 0];
    for (const queue of state.queues.values()) {
      if (queue.share !== share) continue;
      for (const stock of queue.stocks.values()) {
        if (stock.memory < 0 || stock.disk < 0) fail(`${share.policy} has less than nothing of ${stock.input}`);
        memory += stock.memory;
        disk += stock.disk;
      }
    }
    if (share.memory !== memory || share.disk !== disk)
      fail(`${share.policy} is said to hold ${share.memory}, ${share.disk}, its stocks ${memory}, ${disk}`);
    if (share.promised < 0) fail(`${share.policy} has promised less than nothing`);
  }
}

function checkLimits(engine: Engine, state: BufferState): void {
  const { quotas } = state;
  const inputs = [...state.shares.values()].reduce((sum, share) => sum + share.inputs, 0);
  const limits: readonly (readonly [string, number, number])[] = [
    ["bytes of chunks in memory", state.pool, quotas.pool],
    ["bodies", state.bodies, quotas.bodies],
    // The oldest chunk may be leased whatever its size.
    ["leased", state.leased, Math.max(quotas.leased, quotas.largest)],
    // One read per input may be in progress.
    ["chunks without a row", state.fresh.size, quotas.fresh + inputs],
    // A slice of new rows is added as a whole, and chunks that were sent keep their object.
    ["rows with an object", state.window, 2 * quotas.window + quotas.sliceRows],
    ["waits for a change", engine.buffer.changes.waiting, 8],
    ["readers that wait", engine.intake.waiting().size, inputs],
    ["dead letters' bodies", state.deadLetterBytes, quotas.deadLetters],
  ];
  for (const [what, value, most] of limits) if (value > most) fail(`${what}: ${value}, the limit is ${most}`);
}

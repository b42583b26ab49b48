// The buffer's interface to delivery: which targets have chunks to send, leases for requests, and the results of requests.
import type { Fate } from "../core/fate.ts";
import type { Refusal } from "../core/output.ts";
import type { Chunk, Lease, Side } from "./chunk.ts";
import { addDeadLetters, keepsLetters, mayRefuse, mayRefuseOf } from "./ledger/dead-letters.ts";
import { type LeaseLimit, endLease, giveBack, hasBegun, takeLease } from "./lease.ts";
import { type Sendable, newFrom, sendable, sendableNew } from "./queue.ts";
import { settleEach, settleRun } from "./settle.ts";
import type { BufferState } from "./state.ts";

/** Chunks of a target that can be sent: in memory, in no request, and waiting for no older chunk that must be loaded first. */
export interface Part {
  /** Monotonic clock when the oldest of these chunks was admitted. */
  readonly bornMs: number;
  /** Estimated bytes of their documents. */
  readonly bytes: number;
  readonly chunks: number;
}

/** A target with chunks to send. */
export interface Waiting {
  readonly target: string;
  readonly parts: Readonly<Record<Side, Part | undefined>>;
  /** More chunks of the target are being loaded from the disk. */
  readonly filling: boolean;
}

export class Outbox {
  private readonly state: BufferState;
  /** Starts loads that are possible now, and wakes all waiters. */
  private readonly advance: () => void;

  constructor(state: BufferState, advance: () => void) {
    this.state = state;
    this.advance = advance;
  }

  *waiting(): Generator<Waiting> {
    const { targets, reading } = this.state;
    for (const target of targets.values()) {
      const from = newFrom(this.state, target);
      const old = partOf(sendable(this.state, target, this.fullBatch, from));
      const recent = from === Infinity ? undefined : partOf(sendableNew(target, this.fullBatch, from));
      if (!old && !recent) continue;
      const filling = reading === "working" && target.queues.some(({ loads, ready }) => loads > 0 && ready.size > 0);
      yield { target: target.name, parts: { old, new: recent }, filling };
    }
  }

  /** Whether anything waits for a target, in memory or on disk. */
  isWanted(target: string): boolean {
    return (this.state.targets.get(target)?.open ?? 0) > 0;
  }

  /** Leases chunks of a target that may be sent now, see `takeLease`; undefined if there are none. */
  lease(target: string, limit: LeaseLimit, side: Side = "old"): Lease | undefined {
    return takeLease(this.state, this.state.target(target), limit, side);
  }

  /** The quota for request bodies in bytes, and how much of it is in use. */
  get bodies(): { readonly most: number; readonly used: number } {
    return { most: this.state.quotas.bodies, used: this.state.bodies };
  }

  /** Number of chunks that makes a batch full, however small the chunks are. */
  get fullBatch(): number {
    return this.state.quotas.chunks;
  }

  /** Returns chunks of a lease that are not sent now. */
  giveBack(lease: Lease, chunks: Iterable<Chunk>): void {
    giveBack(this.state, lease, chunks);
  }

  /** Lowers what a lease holds of the quota for bodies to what its body needs. */
  useLess(lease: Lease, body: number): void {
    this.state.bodies -= lease.body - body;
    lease.body = body;
  }

  settleRun(chunk: Chunk, from: number, to: number, fate: Fate): void {
    settleRun(this.state, chunk, from, to, fate);
  }

  /** @param fates per record; OPEN leaves a record as it is */
  settleEach(chunk: Chunk, fates: Uint8Array): void {
    settleEach(this.state, chunk, fates);
  }

  /** False: too many dead letters wait for a commit. Records that the server refuses now have to be sent again. */
  get mayRefuse(): boolean {
    return mayRefuse(this.state);
  }

  /** Whether records of any chunk may become dead letters now. */
  get keepsLetters(): boolean {
    return keepsLetters(this.state);
  }

  /** The same as `mayRefuse` for records of one chunk. @param may the value of `mayRefuse` */
  mayRefuseOf(chunk: Chunk, may: boolean): boolean {
    return mayRefuseOf(this.state, chunk, may);
  }

  /** Keeps refused records as dead letters, before they get that fate. @param refusals by number of the record in the chunk */
  addDeadLetters(chunk: Chunk, refusals: ReadonlyMap<number, Refusal>, index: string): void {
    addDeadLetters(this.state, chunk, refusals, index);
  }

  /** Notes that a request ended without a result for some records of the chunk. */
  mayBeStored(chunk: Chunk): void {
    chunk.mayBeStored();
  }

  /** From now on, leases hold only chunks that are settled in part. */
  finish(): void {
    this.state.phase = "ending";
    // A chunk that is settled in part was sent before, so with `order: newest` it waits for none that is still on disk.
    if (this.state.newFrom !== Infinity) this.state.newFrom = 0;
  }

  /** Undoes `finish`. */
  resume(): void {
    this.state.phase = "running";
    this.advance();
  }

  /** Whether any chunk that is in no request is settled in part. */
  get hasBegun(): boolean {
    return hasBegun(this.state);
  }

  /** Delays the next attempt to send a chunk. Other chunks do not wait for it. @param until monotonic clock */
  park(chunk: Chunk, until: number): void {
    chunk.waitsUntil = until;
  }

  /** Ends a lease after its request has ended. Chunks that are still open return to their queues. */
  endLease(lease: Lease): void {
    endLease(this.state, lease);
    this.advance();
  }

  /** Notes that the target accepted something, so that its queues need not spill. */
  took(target: string): void {
    this.state.target(target).lastTake = this.state.clock.now();
  }

  /** @param state stuck: it accepts nothing while others do. probe: stuck, and about to be tried with one chunk. */
  setTarget(name: string, state: "takes" | "stuck" | "probe"): void {
    const target = this.state.target(name);
    const [stuck, wantsProbe] = [state !== "takes", state === "probe"];
    if (target.stuck === stuck && target.wantsProbe === wantsProbe) return;
    target.stuck = stuck;
    target.wantsProbe = wantsProbe;
    this.advance();
  }
}

function partOf({ first, bytes, chunks }: Sendable): Part | undefined {
  return first && { bornMs: first.bornMs, bytes, chunks };
}

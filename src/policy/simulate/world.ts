// What surrounds the ladder in a simulation, in virtual time: a file that grows, a buffer that fills, a consumer that drains it.
// All decisions come from the policy code that the agent runs, too. Intake reads pieces of 1/256 of the budget and asks the
// ladder before each one, as the agent does before each chunk.
import type { DropRung, Ladder } from "../../core/options.ts";
import { acting, admissible, excess, turnsAway } from "../acting.ts";
import { type Standing, type Transition, decide, standing, transition } from "../keeper.ts";
import { sampleHash } from "../sample.ts";
import { type Bucket, fullBucket, take } from "../token-bucket.ts";
import { Cohorts } from "./cohorts.ts";
import type { Account, SimulateOptions } from "./result.ts";

export class World {
  readonly account: Account;
  readonly transitions: Transition[] = [];
  state: Standing = standing(0);
  crashes = 0;
  nowMs = 0;
  private readonly options: SimulateOptions;
  private readonly piece: number;
  private readonly file = new Cohorts();
  private readonly buffer = new Cohorts();
  private bucket: Bucket | undefined;
  private always = 0;
  private survivors = 0;
  private draws = 0;

  constructor(options: SimulateOptions) {
    this.options = options;
    this.piece = Math.max(1, Math.floor(options.budget / 256 / options.lineBytes));
    const none = { written: 0, read: 0, delivered: 0, sampled: 0, oldest: 0, newest: 0, random: 0, rate: 0 };
    this.account = { ...none, crashed: 0, buffered: 0, waiting: 0, abandoned: 0 };
  }

  get ladder(): Ladder {
    return this.options.ladder;
  }

  /** Bytes that the buffer occupies: uncompressed while they fit into memory, else at the size of their compressed rows. */
  get occupied(): number {
    const { memory, stored } = this.options;
    const bytes = this.buffer.records * this.options.lineBytes;
    return Math.max(Math.min(bytes, memory), bytes * stored);
  }

  get utilization(): number {
    return this.occupied / this.options.budget;
  }

  get atRiskBytes(): number {
    return Math.max(0, this.file.records * this.options.lineBytes - this.options.named);
  }

  get oldestMs(): number {
    const oldest = this.buffer.oldestMs ?? this.file.oldestMs;
    return oldest === undefined ? 0 : this.nowMs - oldest;
  }

  write(records: number): void {
    this.file.push(this.nowMs, records);
    this.account.written += records;
    const over = Math.ceil((this.atRiskBytes - this.options.held) / this.options.lineBytes);
    if (over > 0) this.file.take(over, (_, n) => (this.account.abandoned += n));
    this.settle();
  }

  deliver(records: number, each: (latencyMs: number, records: number) => void): void {
    this.buffer.take(records, (atMs, n) => {
      this.account.delivered += n;
      each(this.nowMs - atMs, n);
    });
    this.decide();
    this.settle();
  }

  /** Reads from the file until the policy stops it or the file has no more. */
  read(): void {
    while (this.file.records > 0) {
      this.decide();
      if (this.options.mode === "unbounded" ? !this.readUnbounded() : !this.readPiece()) break;
    }
    this.decide();
    this.settle();
  }

  private decide(): void {
    const { ladder } = this.options;
    const pressure = { utilization: this.utilization, atRiskBytes: this.atRiskBytes };
    const next = decide(ladder, this.state, pressure, this.nowMs);
    const step = transition(ladder, this.state, next, pressure.utilization);
    if (step) this.transitions.push(step);
    this.state = next;
  }

  private readUnbounded(): boolean {
    this.file.take(this.file.records, (atMs, n) => this.buffer.push(atMs, n));
    this.account.read = this.account.written;
    if (this.utilization < 1) return false;
    this.buffer.take(this.buffer.records, (_, n) => (this.account.crashed += n));
    this.crashes++;
    return false;
  }

  /** Reads one piece. False when nothing more can be read now. */
  private readPiece(): boolean {
    const { lineBytes } = this.options;
    const now = acting(this.options.ladder, this.state);
    const evicts = now.drop !== undefined;
    const wanted = Math.min(
      this.file.records,
      this.piece,
      Math.ceil(admissible(now, this.atRiskBytes) / lineBytes),
      evicts ? Infinity : this.room(),
    );
    if (wanted <= 0) return false;
    let granted = wanted;
    if (now.rate === undefined) this.bucket = undefined;
    else granted = this.grant(now.rate, wanted);
    const readNow = now.rate?.excess === "drop" ? wanted : granted;
    this.account.rate += readNow - granted;
    this.account.read += readNow;
    this.discard(readNow - granted);
    if (now.drop && turnsAway(now.drop, this.utilization)) this.account.newest += this.discard(granted);
    else this.keep(granted, now.sample?.keep ?? 1, now.sample?.always !== undefined);
    if (now.drop) this.evict(now.drop);
    return readNow > 0;
  }

  private grant(limit: { rate: number; burst: number }, records: number): number {
    const { lineBytes } = this.options;
    const bucket = this.bucket ?? fullBucket(limit, this.nowMs);
    const there = take(limit, bucket, this.nowMs, records * lineBytes).granted;
    const granted = Math.floor(there / lineBytes);
    this.bucket = take(limit, bucket, this.nowMs, granted * lineBytes).bucket;
    return granted;
  }

  /** Moves one record in `keep` into the buffer, and with `withAlways` also the share that is always kept. */
  private keep(records: number, keep: number, withAlways: boolean): void {
    const { always } = this.options;
    this.file.take(records, (atMs, n) => {
      this.always += withAlways ? n * always : 0;
      const sure = Math.floor(this.always);
      this.always -= sure;
      this.survivors += (n - sure) / keep;
      const kept = sure + Math.floor(this.survivors);
      this.survivors -= kept - sure;
      this.account.sampled += n - kept;
      this.buffer.push(atMs, kept);
    });
  }

  private discard(records: number): number {
    this.file.take(records, () => {});
    return records;
  }

  private evict(drop: DropRung): void {
    const over = excess(drop, this.occupied, this.options.budget);
    const records = this.buffer.records - Math.floor(this.capacity(this.occupied - over));
    if (over === 0 || records <= 0) return;
    if (drop.action === "drop-oldest") this.buffer.take(records, () => {});
    else this.buffer.takeRandom(records, () => sampleHash(1, 1, this.draws++) / 2 ** 32);
    this.account[drop.action === "drop-oldest" ? "oldest" : "random"] += records;
  }

  private room(): number {
    return Math.floor(this.capacity(this.options.budget)) - this.buffer.records;
  }

  /** How many records fit into this many bytes of the budget. */
  private capacity(bytes: number): number {
    const { memory, stored, lineBytes } = this.options;
    return (bytes < memory ? bytes : Math.max(memory, bytes / stored)) / lineBytes;
  }

  private settle(): void {
    this.account.buffered = this.buffer.records;
    this.account.waiting = this.file.records;
  }
}

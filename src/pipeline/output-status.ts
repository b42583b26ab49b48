// Status of the output, and its log messages in pairs: output_down says why, output_up how long it was down and how much waits.
// output_stalled and output_recovered do the same for one target that takes nothing while others do.
import type { SpillBuffer } from "../buffer/spill-buffer.ts";
import type { Clock } from "../core/clock.ts";
import { SpillwayError, describe } from "../core/errors.ts";
import { duration, flow } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import type { Output } from "../core/output.ts";
import { backoff } from "./backoff.ts";
import type { Circuit } from "./breaker.ts";

export interface StatusParts {
  readonly clock: Clock;
  readonly buffer: SpillBuffer;
  readonly output: Output;
  readonly log: Log;
  /** Of the agent that this one replaces; default: none. */
  readonly outage?: Outage;
}

/** A target that takes nothing. Monotonic. */
interface Stuck {
  readonly sinceMs: number;
  /** When it was last logged. */
  saidMs: number;
}

/** Whether the output is down, and which targets are stuck. Outlives a reload, or the log would never say that this is over. */
export interface Outage {
  /** Monotonic: since when; undefined: the output is up. */
  sinceMs: number | undefined;
  /** Monotonic: when it was last logged. */
  saidMs: number;
  /** No server has identified itself since. */
  isUnconnected: boolean;
  /** Stuck targets, by name. */
  readonly stuck: Map<string, Stuck>;
  /** Monotonic: when something was last settled, or nothing waited. */
  movedMs: number;
}

const UP = { sinceMs: undefined, saidMs: -Infinity, isUnconnected: false } as const;

export function noOutage(): Outage {
  return { ...UP, stuck: new Map(), movedMs: -Infinity };
}

/** The output is reported down if nothing was settled for this long, and for twice as long as slow responses take. */
const STALL_MS = 10_000;
/** With each quicker response, the remembered time of slow responses decays by this factor. */
const FORGETS = 0.8;
/** Intervals after which an ongoing fault is logged again: of output_down and output_stalled, and of output_busy. */
const AGAIN_MS = 600_000;
const BUSY_AGAIN_MS = 60_000;

export class OutputStatus {
  private readonly parts: StatusParts;
  /** For example "elasticsearch 8.19.0". */
  server: string | undefined;
  lastError: string | undefined;
  /** Wall clock when documents were last settled. */
  settledAtMs: number | undefined;
  private readonly outage: Outage;
  private busySaidAt = -Infinity;
  /** A connection failed, and nothing was settled since. */
  private unreached = false;
  /** Monotonic: when the server last failed as a whole. Failures of one target are not counted: output_stalled reports them. */
  private failedAt = -Infinity;
  /** Wall clock of `lastError`. */
  lastErrorAtMs: number | undefined;
  /** Milliseconds that slow responses take. */
  private responseMs = 0;

  constructor(parts: StatusParts) {
    this.parts = parts;
    this.outage = parts.outage ?? noOutage();
    if (this.outage.stuck.size === 0) this.outage.movedMs = parts.clock.now();
  }

  /**
   * Called regularly. Reports the output down if nothing was settled for long and no response has caused that report yet. Reports
   * stuck targets for which nothing waits any more as over: their lanes may have been those of the agent before a reload.
   * @param oldestMs how long the oldest request has been under way; 0: there is none
   */
  check(oldestMs: number): void {
    const { clock, buffer } = this.parts;
    const { outage } = this;
    const now = clock.now();
    for (const target of outage.stuck.keys()) if (!buffer.outbox.isWanted(target)) this.recovered(target, "unwanted");
    if (buffer.open === 0) outage.movedMs = now;
    const still = now - outage.movedMs;
    if (still < STALL_MS || this.isDown || outage.stuck.size > 0) return;
    const seconds = duration(still);
    if (this.lastError !== undefined && this.failedAt >= outage.movedMs)
      return this.down(`nothing was stored for ${seconds}: ${this.lastError}`);
    // Otherwise each response of a server that takes 12 s would end an outage, and the next request would begin another.
    if (Math.min(still, oldestMs) >= 2 * this.responseMs && oldestMs >= STALL_MS)
      this.down(`nothing was stored for ${seconds}: the server has not answered a request for ${duration(oldestMs)}`);
  }

  /** Asks the server for its name and version until it answers. Nothing is sent before. */
  async connect(signal: AbortSignal): Promise<void> {
    const { clock, output, buffer } = this.parts;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        this.server = (await output.connect(signal)).name;
        // A server that identified itself before the outage may still take nothing.
        if (this.outage.isUnconnected || buffer.open === 0) this.up();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.down(error instanceof SpillwayError ? joined(error) : describe(error));
        await clock.sleep(backoff(failures, clock.random()), signal);
      }
    }
  }

  /** A request could not connect. This is enough for `reachable` to be false, but not yet for a log line. */
  unreachable(): void {
    this.unreached = true;
  }

  /** A request was answered, whatever the response. @param ms how long it took */
  responded(ms: number): void {
    this.responseMs = Math.max(ms, FORGETS * this.responseMs);
  }

  /**
   * The server has responded to `connect`, the output is not down, no connection has failed since the last success, and something
   * was settled lately, or at least since the first of the stuck targets became stuck.
   */
  get reachable(): boolean {
    return this.server !== undefined && !this.isDown && !this.unreached && !this.allStuck;
  }

  get isDown(): boolean {
    return this.outage.sinceMs !== undefined;
  }

  private get allStuck(): boolean {
    const { stuck, movedMs } = this.outage;
    const [first] = stuck.values();
    const still = this.parts.clock.now() - movedMs;
    return first !== undefined && movedMs <= first.sinceMs && still >= STALL_MS;
  }

  /** Documents were settled. */
  settled(): void {
    this.settledAtMs = this.parts.clock.wall();
    this.unreached = false;
    this.outage.movedMs = this.parts.clock.now();
    this.up();
    // While a target is stuck, its error stays.
    if (this.outage.stuck.size === 0) this.clearError();
  }

  private clearError(): void {
    this.lastError = undefined;
    this.lastErrorAtMs = undefined;
  }

  private setError(why: string): void {
    this.lastError = why;
    this.lastErrorAtMs = this.parts.clock.wall();
  }

  private up(): void {
    const { log, clock, buffer } = this.parts;
    const { sinceMs } = this.outage;
    if (sinceMs === undefined) return;
    const after = duration(clock.now() - sinceMs);
    Object.assign(this.outage, UP);
    let waiting = 0;
    for (const { bytes } of buffer.figures().targets) waiting += bytes;
    log.info("output_up", `the output answers again after ${after}; ${flow(waiting)} of log waiting`);
  }

  failed(by: "target" | "server", target: string, why: string, hint: string): void {
    this.setError(hint === "" ? why : `${why}; ${hint}`);
    if (by === "target") return;
    this.failedAt = this.parts.clock.now();
    this.parts.log.debug("output_failed", `${target}: ${why}`);
  }

  /** The server asks to slow down. */
  busy(why: string): void {
    const { log, clock } = this.parts;
    if (clock.now() - this.busySaidAt < BUSY_AGAIN_MS) return;
    this.busySaidAt = clock.now();
    log.warn("output_busy", `the output asks to slow down: ${why}`);
  }

  circuit(circuit: Circuit): void {
    if (circuit === "open") this.down(this.lastError ?? "the output does not answer");
  }

  private down(why: string): void {
    this.setError(why);
    const { log, clock } = this.parts;
    const now = clock.now();
    const { outage } = this;
    outage.isUnconnected = this.server === undefined;
    outage.sinceMs ??= now;
    if (now - outage.saidMs < AGAIN_MS) return log.debug("output_still_down", why);
    outage.saidMs = now;
    const downMs = now - outage.sinceMs;
    const long = downMs >= AGAIN_MS ? `, down for ${duration(downMs)}` : "";
    log.error(
      "output_down",
      `${why}${long}. What is read waits in the buffer; if a rung sheds some of it, the log says so. Trying again every 1-15 s`,
    );
  }

  /** The target takes nothing while others do. */
  stalled(target: string, why: string, hint: string): void {
    const { log, clock } = this.parts;
    const now = clock.now();
    const known = this.outage.stuck.get(target);
    if (known && now - known.saidMs < AGAIN_MS) return;
    this.outage.stuck.set(target, { sinceMs: known?.sinceMs ?? now, saidMs: now });
    const remedy = hint === "" ? "" : `; ${hint}`;
    const sentence = `${target} takes nothing: ${why}${remedy}. What is for it waits in the buffer, others go on`;
    log.error("output_stalled", sentence, { target });
  }

  /** A stuck target takes documents again, or nothing waits for it any more. */
  recovered(target: string, how: "takes" | "unwanted"): void {
    const known = this.outage.stuck.get(target);
    if (!known) return;
    this.outage.stuck.delete(target);
    const { log, clock } = this.parts;
    const after = duration(clock.now() - known.sinceMs);
    const what =
      how === "takes" ? `takes again after ${after}` : `took nothing for ${after}; nothing waits for it any more`;
    log.info("output_recovered", `${target} ${what}`, { target });
  }
}

function joined(error: SpillwayError): string {
  const what = error.message.replace(/\.$/, "");
  return error.hint === undefined ? what : `${what}; ${error.hint}`;
}

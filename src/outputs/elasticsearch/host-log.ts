// The state of each host of the output, for status and log: which of several gets no requests, and why. Invariant: at most one
// pair of messages per host and minute.
import type { Clock } from "../../core/clock.ts";
import { flow } from "../../core/figures.ts";
import type { Log } from "../../core/log.ts";
import type { HostState } from "../../core/output.ts";

/** Failures in a row after which a host is logged as down: a single one may be a connection that was just closed. */
const SAID_AFTER = 2;
/** A host is logged as down again after this long: that it still is, and that it is once more. */
const AGAIN_MS = 600_000;
const ONCE_MORE_MS = 60_000;

interface Told {
  readonly host: string;
  failures: number;
  trouble: HostState["trouble"];
  /** Monotonic. */
  saidAt: number;
  said: boolean;
  /** Monotonic: when it was last logged that the host takes only small requests. */
  smallAt: number;
}

export class HostLog {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly told: readonly Told[];

  /** @param hosts URLs, in the order of their numbers */
  constructor(hosts: readonly string[], clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
    this.told = hosts.map((url) => {
      const { host } = new URL(url);
      return { host, failures: 0, trouble: undefined, saidAt: -Infinity, said: false, smallAt: -Infinity };
    });
  }

  get hosts(): readonly HostState[] {
    return this.told.map(({ host, trouble }) => ({ host, trouble }));
  }

  /** @param why half a sentence that does not name the host */
  failed(number: number, why: string): void {
    const told = this.told[number];
    if (!told) return;
    told.failures++;
    told.trouble = { why, atMs: this.clock.wall() };
    const now = this.clock.now();
    // A single host is the output: output_down says that.
    if (this.told.length === 1 || told.failures < SAID_AFTER) return;
    if (now - told.saidAt < (told.said ? AGAIN_MS : ONCE_MORE_MS)) return;
    told.said = true;
    told.saidAt = now;
    const sentence = `${told.host} gets no requests: ${why}. The other hosts go on; it is tried again every 1-60 s`;
    this.log.warn("host_down", sentence, { host: told.host });
  }

  /** The host has refused a request for its size, and another host gets it. */
  tooLarge(number: number, bytes: number): void {
    const told = this.told[number];
    const now = this.clock.now();
    if (!told || now - told.smallAt < AGAIN_MS) return;
    told.smallAt = now;
    const sentence =
      `${told.host} answers 413 to a request of ${flow(bytes)}, which goes to another host: it gets smaller ones from now on; ` +
      "raise the limit there (nginx: client_max_body_size)";
    this.log.warn("body_too_large", sentence, { host: told.host, bytes });
  }

  answered(number: number): void {
    const told = this.told[number];
    if (!told || told.failures === 0) return;
    told.failures = 0;
    told.trouble = undefined;
    if (told.said) this.log.info("host_up", `${told.host} answers again`, { host: told.host });
    told.said = false;
  }
}

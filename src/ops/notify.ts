// Tells systemd the state of the agent: ready, reloading, stopping, one line of status, and the watchdog. Does nothing without
// NOTIFY_SOCKET. Invariants: the watchdog is fed only while `alive()`, so that a hung loop leads to a restart; a long start, as
// with a million files, is not killed by systemd's timeout.
import type { Clock, Timer } from "../core/clock.ts";
import { notifySender, type Send } from "./notify-sender.ts";

/**
 * When a start first asks systemd for more time, how often, for how much, and how long a start may take in total. systemd counts
 * from before Node starts, which takes seconds on a busy host, and ends a start whose request comes after TimeoutStartSec.
 */
const FIRST_ASK_MS = 1000;
const ASK_MS = 10_000;
const MORE_MS = 60_000;
const LONGEST_START_MS = 30 * 60_000;

export interface Notifier {
  ready(status: string): void;
  status(status: string): void;
  /** `ready` ends it. */
  reloading(): void;
  stopping(status: string): void;
  close(): void;
}

export interface NotifyOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  alive(): boolean;
}

export function createNotifier({ env, clock, alive }: NotifyOptions): Notifier {
  const socket = env["NOTIFY_SOCKET"];
  const send: Send = socket === undefined ? () => {} : notifySender(socket);
  const everyMs = socket === undefined ? undefined : watchdogMs(env);
  let timer: Timer | undefined;
  const feed = (): void => {
    if (alive()) send({ WATCHDOG: "1" });
    timer = clock.after(everyMs as number, feed);
  };
  if (everyMs !== undefined) timer = clock.after(everyMs, feed);
  const from = clock.now();
  const ask = (): void => {
    if (clock.now() - from > LONGEST_START_MS) return;
    send({ EXTEND_TIMEOUT_USEC: String(MORE_MS * 1000) });
    asking = clock.after(ASK_MS, ask);
  };
  let asking = socket === undefined ? undefined : clock.after(FIRST_ASK_MS, ask);
  return {
    ready: (status) => {
      asking?.cancel();
      send({ READY: "1", STATUS: status });
    },
    status: (status) => send({ STATUS: status }),
    reloading: () => send({ RELOADING: "1", MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n) }),
    stopping: (status) => {
      // After it, systemd would give the time to the stop.
      asking?.cancel();
      send({ STOPPING: "1", STATUS: status });
    },
    close: () => {
      asking?.cancel();
      timer?.cancel();
    },
  };
}

/** A third of systemd's watchdog timeout; undefined if systemd does not watch, or watches another process. */
function watchdogMs(env: NodeJS.ProcessEnv): number | undefined {
  const micros = Number(env["WATCHDOG_USEC"]);
  const pid = env["WATCHDOG_PID"];
  if (!(micros > 0) || (pid !== undefined && pid !== String(process.pid))) return undefined;
  return micros / 3000;
}

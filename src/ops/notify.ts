// Tells systemd how the agent is: ready, reloading, stopping, one line of status, and that it still lives. Without
// NOTIFY_SOCKET nothing happens. What must hold: the watchdog is fed only while `alive()`, so that a hung loop ends in
// a restart and not in silence.
import type { Clock, Timer } from "../core/clock.ts";
import { notifySender, type Send } from "./notify-sender.ts";

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
  return {
    ready: (status) => send({ READY: "1", STATUS: status }),
    status: (status) => send({ STATUS: status }),
    reloading: () => send({ RELOADING: "1", MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n) }),
    stopping: (status) => send({ STOPPING: "1", STATUS: status }),
    close: () => timer?.cancel(),
  };
}

/** A third of what systemd allows; undefined when it does not watch, or watches another process. */
function watchdogMs(env: NodeJS.ProcessEnv): number | undefined {
  const micros = Number(env["WATCHDOG_USEC"]);
  const pid = env["WATCHDOG_PID"];
  if (!(micros > 0) || (pid !== undefined && pid !== String(process.pid))) return undefined;
  return micros / 3000;
}

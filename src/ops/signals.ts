// What the operating system may ask of a running agent. Stopping is asked once and hurried by asking again.
import type { Clock } from "../core/clock.ts";

export interface SignalHooks {
  /** SIGTERM or SIGINT, the first one: deliver for a while, then leave. */
  stop(signal: NodeJS.Signals): void;
  /** Each further one: leave without waiting. */
  hurry(signal: NodeJS.Signals): void;
  /** SIGHUP. */
  reload(): void;
  /** SIGUSR1. */
  report(): void;
}

/**
 * One Ctrl-C can arrive twice: from the terminal, which tells the whole group, and from npm, which passes on what it got.
 * Nobody presses twice as fast as this.
 */
const ECHO_MS = 150;

/** Takes over the signals; the result gives them back. */
export function onSignals(hooks: SignalHooks, clock: Clock): () => void {
  let stoppedAt: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    const now = clock.now();
    if (stoppedAt === undefined) {
      stoppedAt = now;
      hooks.stop(signal);
    } else if (now - stoppedAt > ECHO_MS) {
      hooks.hurry(signal);
    }
  };
  const handlers = {
    SIGTERM: stop,
    SIGINT: stop,
    SIGHUP: () => hooks.reload(),
    SIGUSR1: () => hooks.report(),
  } as const;
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal as NodeJS.Signals, handler);
  return () => {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal as NodeJS.Signals, handler);
  };
}

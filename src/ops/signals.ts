// Handles the signals to a running agent. The first SIGTERM or SIGINT stops it; a further one skips the waiting.
import type { Clock } from "../core/clock.ts";

export interface SignalHooks {
  /** The first SIGTERM or SIGINT: deliver for a while, then exit. */
  stop(signal: NodeJS.Signals): void;
  /** Each further one: exit without waiting. */
  hurry(signal: NodeJS.Signals): void;
  /** SIGHUP. */
  reload(): void;
  /** SIGUSR1. */
  report(): void;
}

/**
 * One Ctrl-C can arrive twice: from the terminal, which signals the whole process group, and from npm, which forwards its signal.
 * Nobody presses twice this fast.
 */
const ECHO_MS = 150;

/** Installs the handlers; call the result to remove them. */
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

// The state of an agent, and whether its loops run, for the watchdog and /healthz.
import type { Clock } from "../core/clock.ts";
import type { State } from "../ops/facts.ts";

/** After this long without a tick, the loops count as dead. */
const DEAD_MS = 5000;
/**
 * While one agent replaces another, neither ticks. Each half of it may take this long: the old agent persists its backlog, the
 * new one opens a database and looks at all files. systemd waits as long for a start (ops/notify.ts).
 */
const LONGEST_SWAP_MS = 30 * 60_000;

export class Life {
  private readonly clock: Clock;
  private readonly successor: boolean;
  private entered: State = "starting";
  /** Monotonic. */
  private since: number;

  /** @param successor whether the agent replaces another one in this process */
  constructor(clock: Clock, successor: boolean) {
    this.clock = clock;
    this.successor = successor;
    this.since = clock.now();
  }

  enter(state: State): void {
    this.entered = state;
    this.since = this.clock.now();
  }

  get starts(): boolean {
    return this.entered === "starting";
  }

  /** The start of a successor is part of a reload. */
  get state(): State {
    return this.starts && this.successor ? "reloading" : this.entered;
  }

  /** @param tickedAt when the engine's tick last ran */
  isAlive(tickedAt: number): boolean {
    const now = this.clock.now();
    if (this.state === "reloading") return now - this.since < LONGEST_SWAP_MS;
    // systemd itself limits a start.
    return this.starts || now - tickedAt < DEAD_MS;
  }
}

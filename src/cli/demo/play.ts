// The play: acts one after the other, or whatever the user switches, and at the end the time that the buffer needs to
// empty. Whoever watches is shown how things stand, four times a second.
import type { Clock } from "../../core/clock.ts";
import type { Status } from "../../ops/status.ts";
import { type Act, type ActNow, actAt, produced } from "./acts.ts";
import type { AgentLog } from "./agent-log.ts";
import { History } from "./history.ts";
import type { Stage } from "./stage.ts";
import type { Switch } from "./switches.ts";
import type { DemoView } from "./view.ts";

const FRAME_MS = 250;
/** After the last act: what is held at most waits 5 s for its rung, and then has to be delivered. */
const PATIENCE_MS = 30_000;

export interface PlayParts {
  readonly stage: Stage;
  readonly log: AgentLog;
  readonly clock: Clock;
  readonly acts: readonly Act[];
  readonly totalMs: number;
  readonly show: (view: DemoView) => void;
  /** Ends the play wherever it is. */
  readonly quit: AbortSignal;
}

/** acts: by itself. yours: a key was pressed. over: nothing more is written, what is held goes out. */
type Phase = "acts" | "yours" | "over";

export class Play {
  readonly history = new History();
  private readonly parts: PlayParts;
  private readonly startedAt: number;
  private phase: Phase = "acts";
  private act: ActNow | undefined;
  private switched: Switch | undefined;

  constructor(parts: PlayParts) {
    this.parts = parts;
    this.startedAt = parts.clock.now();
  }

  /** Resolves when the play is over or was quit. */
  async run(): Promise<void> {
    const { clock, quit, show, totalMs } = this.parts;
    while (!quit.aborted) {
      const elapsedMs = clock.now() - this.startedAt;
      if (this.phase === "acts") await this.follow(actAt(elapsedMs, totalMs, this.parts.acts));
      const view = this.view(elapsedMs);
      show(view);
      const late = elapsedMs - totalMs > PATIENCE_MS;
      if (this.phase === "over" && (late || settled(view.status))) return;
      await clock.sleep(FRAME_MS, quit);
    }
  }

  /** The play is the user's from now on, with enough traffic to see what a fault does. */
  async take(to: Switch): Promise<void> {
    const { stage, acts } = this.parts;
    this.phase = "yours";
    this.switched = to;
    stage.traffic.rate = (acts[1] as Act).produce;
    await stage.change(to.faults);
  }

  private async follow(now: ActNow | undefined): Promise<void> {
    const { stage, totalMs } = this.parts;
    if (now === undefined) {
      this.phase = "over";
      this.act = this.act && { ...this.act, endsInMs: 0 };
      stage.traffic.rate = 0;
      return;
    }
    const before = this.act?.number;
    this.act = now;
    if (now.number === before) return;
    stage.traffic.rate = produced(now.act, totalMs);
    await stage.change(now.act.faults);
  }

  private view(elapsedMs: number): DemoView {
    const { stage, log, totalMs } = this.parts;
    const status = stage.status();
    this.history.add(status, stage.traffic.writtenBytes, elapsedMs, log.take());
    return {
      status,
      history: this.history,
      ladder: stage.ladder,
      act: this.phase === "yours" ? undefined : this.act,
      switched: this.switched,
      stored: stage.stored(),
      elapsedMs,
      spanMs: totalMs,
      url: stage.url,
    };
  }
}

/** Accepting, and nothing is left to read or to deliver. */
function settled({ policies, ledger, inputs }: Status): boolean {
  const accepting = Object.values(policies).every((policy) => policy.rung === 0);
  const read = Object.values(inputs).every((input) => input.lag_bytes === 0);
  return accepting && read && ledger.buffered.records === 0;
}

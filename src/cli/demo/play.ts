// Plays the acts one after the other, or the faults that the user switches, then waits until the buffer is empty. The view is
// updated four times a second.
import type { Clock } from "../../core/clock.ts";
import type { Status } from "../../ops/status.ts";
import { type Act, type ActNow, actAt, produced } from "./acts.ts";
import type { AgentLog } from "./agent-log.ts";
import { History } from "./history.ts";
import type { Stage } from "./stage.ts";
import type { Switch } from "./switches.ts";
import type { DemoView } from "./view.ts";

const FRAME_MS = 250;
/** Limit on the wait after the last act: a rung is held for 5 s at most, and then the buffer has to be delivered. */
const PATIENCE_MS = 30_000;

export interface PlayParts {
  readonly stage: Stage;
  readonly log: AgentLog;
  readonly clock: Clock;
  readonly acts: readonly Act[];
  readonly totalMs: number;
  readonly show: (view: DemoView) => void;
  /** Ends the demo at any point. */
  readonly quit: AbortSignal;
}

/** acts: the acts run by themselves. yours: the user pressed a key. over: no more is written, the buffer is delivered. */
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

  /** Resolves when the demo is over or the user quits. */
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

  /** Gives the user control from now on, with enough traffic to show the effect of a fault. */
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

/** All ladders accept, and nothing is left to read or deliver. */
function settled({ policies, ledger, inputs }: Status): boolean {
  const accepting = Object.values(policies).every((policy) => policy.rung === 0);
  const read = Object.values(inputs).every((input) => input.lag_bytes === 0);
  return accepting && read && ledger.buffered.records === 0;
}

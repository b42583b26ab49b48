// The history that the demo collects from successive statuses: utilization over time, flow rates and rung changes. Pure: the
// caller passes the time in.
import type { Action } from "../../core/options.ts";
import type { PolicyStatus, Status } from "../../ops/status.ts";

export interface Point {
  readonly atMs: number;
  readonly utilization: number;
}

export interface Transition {
  readonly atMs: number;
  readonly from: Action;
  readonly to: Action;
  readonly direction: "up" | "down";
  readonly utilization: number;
  /** How long the rung `from` was in force. */
  readonly afterMs: number;
}

/** A rung change as the ladder logged it; several may happen between two statuses. */
export type Decision = Pick<Transition, "from" | "to" | "direction" | "utilization">;

/** Bytes per second. */
export interface Flow {
  readonly produced: number;
  readonly delivered: number;
}

interface Meter {
  readonly atMs: number;
  readonly produced: number;
  readonly delivered: number;
}

/** Older points of the curve are dropped. */
const KEEP_MS = 120_000;
const FLOW_MS = 2000;

export class History {
  readonly points: Point[] = [];
  readonly transitions: Transition[] = [];
  readonly actionMs = new Map<Action, number>();
  highest = 0;
  private meters: Meter[] = [];
  private last: { readonly atMs: number; readonly policy: PolicyStatus } | undefined;

  /** @param producedBytes total written by the generator @param decisions rung changes since the last call */
  add(status: Status, producedBytes: number, atMs: number, decisions: readonly Decision[]): void {
    const policy = Object.values(status.policies)[0];
    if (policy === undefined) return;
    this.points.push({ atMs, utilization: policy.utilization });
    while ((this.points[0] as Point).atMs < atMs - KEEP_MS) this.points.shift();
    this.highest = Math.max(this.highest, policy.utilization);
    this.step(policy, atMs);
    for (const decision of decisions) this.note(decision, atMs);
    const { delivered } = status.ledger;
    this.meters.push({ atMs, produced: producedBytes, delivered: delivered.bytes });
    this.meters = this.meters.filter((meter) => meter.atMs >= atMs - FLOW_MS);
  }

  /** Average rates of the last two seconds; undefined until there are enough samples. */
  get flow(): Flow | undefined {
    const first = this.meters[0];
    const last = this.meters.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < FLOW_MS / 2) return undefined;
    const seconds = (last.atMs - first.atMs) / 1000;
    return {
      produced: (last.produced - first.produced) / seconds,
      delivered: (last.delivered - first.delivered) / seconds,
    };
  }

  private step(policy: PolicyStatus, atMs: number): void {
    const before = this.last;
    this.last = { atMs, policy };
    if (before === undefined) return;
    const { action } = before.policy;
    this.actionMs.set(action, (this.actionMs.get(action) ?? 0) + atMs - before.atMs);
  }

  private note(decision: Decision, atMs: number): void {
    this.highest = Math.max(this.highest, decision.utilization);
    const since = this.transitions.at(-1)?.atMs ?? (this.points[0] as Point).atMs;
    this.transitions.push({ atMs, ...decision, afterMs: atMs - since });
  }
}

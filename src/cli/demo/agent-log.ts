// What the demo takes from the agent's own log: faults, and what the ladder decided at which level. The rest is on the screen.
import type { Log } from "../../core/log.ts";
import type { Decision } from "./history.ts";

export class AgentLog implements Log {
  readonly complaints: string[] = [];
  private decisions: Decision[] = [];

  /** Since it was asked last. */
  take(): readonly Decision[] {
    const decisions = this.decisions;
    this.decisions = [];
    return decisions;
  }

  debug(): void {}

  info(event: string, _message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.note(event, fields);
  }

  warn(event: string, _message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.note(event, fields);
  }

  error(event: string, message: string): void {
    this.complaints.push(`${event}: ${message}`);
  }

  private note(event: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    if (event !== "rung_entered" && event !== "rung_left") return;
    const { from, to, utilization } = fields as Omit<Decision, "direction">;
    this.decisions.push({ from, to, utilization, direction: event === "rung_entered" ? "up" : "down" });
  }
}

// What the demo takes from the agent's own log: faults, and at which level the ladder decided. The rest is on the screen.
import type { Log } from "../../core/log.ts";
import type { Action } from "../../core/options.ts";
import type { Decision } from "./history.ts";

export class AgentLog implements Log {
  readonly complaints: string[] = [];
  /** The last one. */
  decision: Decision | undefined;

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
    this.decision = { to: fields?.["to"] as Action, utilization: fields?.["utilization"] as number };
  }
}

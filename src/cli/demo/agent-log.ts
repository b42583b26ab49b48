// The agent's log in the demo. It keeps the errors and the ladder's rung changes for the terminal, and passes lines to the page.
import type { Log } from "../../core/log.ts";
import type { Feed } from "../../ops/events/feed.ts";
import type { Decision } from "./history.ts";

export class AgentLog implements Log {
  readonly complaints: string[] = [];
  private decisions: Decision[] = [];
  private page: Pick<Feed, "line"> | undefined;

  /** The rung changes since the last call. */
  take(): readonly Decision[] {
    const decisions = this.decisions;
    this.decisions = [];
    return decisions;
  }

  /** Sends every further line to the page as well. */
  feed(feed: Pick<Feed, "line">): void {
    this.page = feed;
  }

  debug(): void {}

  info(event: string, message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.page?.line({ level: "info", event, message });
    this.note(event, fields);
  }

  warn(event: string, message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.page?.line({ level: "warn", event, message });
    this.note(event, fields);
  }

  error(event: string, message: string): void {
    this.page?.line({ level: "error", event, message });
    this.complaints.push(`${event}: ${message}`);
  }

  private note(event: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    if (event !== "rung_entered" && event !== "rung_left") return;
    const { from, to, utilization } = fields as Omit<Decision, "direction">;
    this.decisions.push({ from, to, utilization, direction: event === "rung_entered" ? "up" : "down" });
  }
}

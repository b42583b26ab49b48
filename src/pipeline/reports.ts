// What the report of one request says about the server.
import type { SendReport } from "../core/output.ts";

/** Milliseconds that the server asked us to wait; 0: it did not. */
export function askedMs(report: SendReport): number {
  return "retryAfterMs" in report ? (report.retryAfterMs ?? 0) : 0;
}

/** For the breaker. A server that takes nothing from us counts as failed, even if it responds. */
export function endingOf(report: SendReport): "answered" | "failed" {
  if (report.kind === "denied") return report.by === "server" ? "failed" : "answered";
  return report.kind === "unanswered" || report.kind === "busy" ? "failed" : "answered";
}

/** For the concurrency limit: whether fewer concurrent requests may help. */
export function isOverload(report: SendReport): boolean {
  return report.kind === "busy" || report.kind === "unanswered" || (report.kind === "mixed" && report.busy);
}

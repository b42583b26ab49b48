// Gives live data priority: while a running agent has a backlog, the backfill sends nothing. The agent's /status tells whether
// there is a backlog. If its address is not known, rows in its state directory do.
import { holdDirectory } from "../../buffer/spool/lock.ts";
import type { Database } from "../../buffer/spool/sqlite.ts";
import { systemClock } from "../../core/clock.ts";
import { EXIT, SpillwayError, hasCode } from "../../core/errors.ts";
import type { AdminOptions } from "../../core/options.ts";
import type { Status } from "../../ops/status.ts";
import { askAgent } from "../agent/ask-agent.ts";

/** Interval between two requests to the agent. */
const ASK_MS = 1000;
const ANSWER_MS = 2000;
/** An input with more lag than this is behind. */
const LAG_SECONDS = 5;

export interface LiveFirstParts {
  readonly listen: AdminOptions["listen"];
  readonly directory: string;
  readonly db: Database;
  /** Gives up after waiting this long for live data. */
  readonly patienceMs: number;
  /** Called once, with the reason, when the backfill has to wait. */
  readonly say: (why: string) => void;
}

export class LiveFirst {
  private readonly parts: LiveFirstParts;
  private askedAt = -Infinity;
  private said = false;

  constructor(parts: LiveFirstParts) {
    this.parts = parts;
  }

  /** Resolves when the agent has no backlog. Throws a SpillwayError after `patienceMs`. */
  async turn(): Promise<void> {
    const since = systemClock.now();
    if (since - this.askedAt < ASK_MS) return;
    for (;;) {
      const why = await this.busy();
      this.askedAt = systemClock.now();
      if (why === undefined) return;
      if (!this.said) this.parts.say(why);
      this.said = true;
      const { patienceMs } = this.parts;
      if (this.askedAt - since >= patienceMs) throw isBusy(why);
      await systemClock.sleep(Math.min(ASK_MS, patienceMs));
    }
  }

  /** Why the backfill has to wait; undefined if it need not. */
  private async busy(): Promise<string | undefined> {
    const { listen, directory } = this.parts;
    if (listen === "off" || ("port" in listen && listen.port === 0))
      return runs(directory) ? this.busyByRows() : undefined;
    const status = await this.status(listen);
    if (status !== undefined) return busyBy(status);
    return runs(directory) ? "the agent does not answer" : undefined;
  }

  private async status(listen: Exclude<AdminOptions["listen"], "off">): Promise<Status | undefined> {
    try {
      const { status, body } = await askAgent(listen, "/status", ANSWER_MS);
      return status === 200 ? (JSON.parse(body) as Status) : undefined;
    } catch {
      return undefined;
    }
  }

  private busyByRows(): string | undefined {
    const rows = this.parts.db.prepare("SELECT 1 FROM heads LIMIT 1").get();
    return rows === undefined ? undefined : "the agent has buffered records that are not delivered yet";
  }
}

function busyBy({ buffer, policies, inputs, output }: Status): string | undefined {
  if (buffer.mode !== "memory") return `the agent's buffer is in mode ${buffer.mode}`;
  for (const [name, { rung, action }] of Object.entries(policies))
    if (rung > 0) return `ladder ${name} is at ${action}`;
  if (output.circuit !== "closed") return "the agent's output takes nothing";
  for (const [id, { lag_seconds: lag }] of Object.entries(inputs))
    if (lag > LAG_SECONDS) return `input ${id} is ${Math.round(lag)} s behind`;
  return undefined;
}

function runs(directory: string): boolean {
  try {
    holdDirectory(directory)?.close();
    return false;
  } catch (error) {
    if (hasCode(error, "state-locked")) return true;
    throw error;
  }
}

function isBusy(why: string): SpillwayError {
  return new SpillwayError("backfill-waits", `live data goes first: ${why}`, {
    hint: "what was sent so far is marked in `losses list`; run it again when the agent has caught up",
    exit: EXIT.temporary,
  });
}

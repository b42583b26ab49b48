// Rate-limited logger, for events that may occur with every poll or for thousands of files at once. It logs a few lines per
// event and minute. When the minute is over, one more line says how many were suppressed.
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";

type Fields = Readonly<Record<string, unknown>>;

interface Period {
  readonly level: "info" | "warn";
  readonly since: number;
  said: number;
  more: number;
  message: string;
  fields: Fields;
}

const PERIOD_MS = 60_000;
/** Lines per event and minute. A warning is one problem that repeats; an info is about one file after the other. */
const MOST = { warn: 1, info: 10 } as const;

export class Reports {
  private readonly periods = new Map<string, Period>();
  private readonly log: Log;
  private readonly clock: Clock;

  constructor(log: Log, clock: Clock) {
    this.log = log;
    this.clock = clock;
  }

  warn(event: string, message: string, fields: Fields): void {
    this.say("warn", event, message, fields);
  }

  info(event: string, message: string, fields: Fields): void {
    this.say("info", event, message, fields);
  }

  patternsSlow(input: string): void {
    const message =
      `Input ${input}: the patterns took more than 250 ms over one record; what \`redact\` had not looked through by then is ` +
      "masked, and what `include_lines` and `exclude_lines` had not is kept.";
    this.warn("patterns_slow", message, { input });
  }

  /** Called with every tick: for minutes that are over, logs how many lines were suppressed. */
  sumUp(): void {
    const now = this.clock.now();
    for (const [event, period] of this.periods) if (now - period.since >= PERIOD_MS) this.close(event, period);
  }

  /** Logs the counts of all minutes that are not over; nothing is logged afterwards. */
  end(): void {
    for (const [event, period] of this.periods) this.close(event, period);
  }

  private say(level: Period["level"], event: string, message: string, fields: Fields): void {
    this.sumUp();
    let period = this.periods.get(event);
    if (period === undefined) {
      period = { level, since: this.clock.now(), said: 0, more: 0, message, fields };
      this.periods.set(event, period);
    }
    if (period.said < MOST[level]) {
      period.said++;
      this.log[level](event, message, fields);
      return;
    }
    period.more++;
    period.message = message;
    period.fields = fields;
  }

  private close(event: string, { level, more, message, fields }: Period): void {
    this.periods.delete(event);
    if (more > 0)
      this.log[level](event, `${message} (${more} of these within a minute, this is the last)`, { ...fields, more });
  }
}

// Notifies the target in a rung's `notify` that the rung has stayed in force and, after that, that it was left: to page somebody,
// to start consumers, to slow producers. A rung is in force while the ladder is on it or above it. Invariants:
// - `entered` is sent when the rung has been in force for 60 s, and is tried at most once in 10 minutes per rung;
// - `left` is sent only after an `entered` that arrived or may have arrived;
// - a failed notification is tried again after 10 minutes, until it succeeds or is no longer true;
// - the whole process sends one notification at a time, each for at most 10 s; nothing waits for a notification.
// The notifier keeps what each receiver believes, and sends a notification if that differs from the actual state.
import type { Clock, Timer } from "../../core/clock.ts";
import { describe } from "../../core/errors.ts";
import { duration } from "../../core/figures.ts";
import type { Log } from "../../core/log.ts";
import type { Config, Ladder, NotifyTarget, Rung } from "../../core/options.ts";
import { targetText } from "../../config/values/notify.ts";
import { type Sender, type Step, notification } from "./notification.ts";
import type { Outcome } from "./outcome.ts";

export interface Delays {
  /** How long a rung must have been in force. */
  readonly inForceMs: number;
  /** From one attempt to the next, per rung. */
  readonly betweenMs: number;
  readonly timeoutMs: number;
}
export const DELAYS: Delays = { inForceMs: 60_000, betweenMs: 600_000, timeoutMs: 10_000 };

/** Characters to log from the end of a program's output. */
const SHOWN = 500;

export interface RungNotifierParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly delays: Delays;
  readonly host: string;
  readonly facts: () => Sender["facts"];
  /** Delivers a JSON document until `signal` is aborted, with the reason as its text. Never rejects. */
  readonly deliver: (target: NotifyTarget, body: string, signal: AbortSignal) => Promise<Outcome>;
  /** Removes secrets from a receiver's response. */
  readonly hide: (text: string) => string;
}

/** The current rung of a ladder; 0 is accept. */
export interface LadderStanding {
  readonly policy: string;
  readonly ladder: Ladder;
  readonly standing: { readonly rung: number };
}

interface Watched {
  readonly policy: string;
  readonly target: NotifyTarget;
  rung: Rung;
  /** Its number in the ladder: 1 is the lowest. */
  number: number;
  /** When it was entered the last time, monotonic and wall clock. */
  sinceMs: number;
  sinceWallMs: number;
  /** Undefined while it is in force. */
  leftMs: number | undefined;
  believed: Step | "unknown";
  /** The last attempt for each step. */
  triedMs: Record<Step, number>;
  /** Whether the configuration still contains it. */
  configured: boolean;
}

export class RungNotifier {
  /** Notifications since the start of the process, for the metrics. */
  readonly counts = { sent: 0, failed: 0 };
  private readonly parts: RungNotifierParts;
  private readonly watched = new Map<string, Watched>();
  private readonly closing = new AbortController();
  private timer: Timer | undefined;
  private busy = false;
  /** From the stop of an agent until one minute after the start of its successor. */
  private reload = { fromMs: Infinity, untilMs: -Infinity };

  constructor(parts: RungNotifierParts) {
    this.parts = parts;
  }

  /** A ladder is now on another rung. */
  changed({ policy, ladder, standing }: LadderStanding): void {
    this.compare(policy, ladder, standing.rung);
    this.next();
  }

  /**
   * A reload begins: the agent stops, and its successor fills the buffer again. A rung that is entered again within 60 s of that
   * start continues as if it had never been left.
   */
  reloading(): void {
    this.reload = { fromMs: this.parts.clock.now(), untilMs: Infinity };
  }

  /** An agent has started with the ladders in `standing`. Rungs that are no longer configured count as left. */
  started(ladders: Config["policies"], standing: ReadonlyMap<string, { readonly rung: number }>): void {
    const { clock, delays } = this.parts;
    this.reload = { ...this.reload, untilMs: clock.now() + delays.inForceMs };
    for (const one of this.watched.values()) one.configured = false;
    for (const [policy, { rung }] of standing) this.compare(policy, ladders[policy] ?? [], rung);
    for (const one of this.watched.values()) if (!one.configured) this.leave(one);
    this.next();
  }

  /** Aborts the notification in progress, and sends no more. */
  close(): void {
    this.timer?.cancel();
    this.closing.abort("the agent stops");
  }

  private compare(policy: string, ladder: Ladder, standing: number): void {
    const { clock } = this.parts;
    const from = { sinceMs: clock.now(), sinceWallMs: clock.wall(), leftMs: undefined };
    ladder.forEach((rung, i) => {
      const { notify: target } = rung;
      if (target === undefined) return;
      const key = keyOf(policy, rung);
      const known = this.watched.get(key);
      // A reload may have changed its position.
      if (known) Object.assign(known, { rung, number: i + 1, configured: true });
      if (i >= standing) {
        if (known) this.leave(known);
      } else if (known === undefined) {
        const own = { policy, target, rung, number: i + 1, configured: true };
        this.watched.set(key, { ...own, ...from, believed: "left", triedMs: { entered: -Infinity, left: -Infinity } });
      } else if (known.leftMs !== undefined) {
        Object.assign(known, this.resumes(known.leftMs) ? { leftMs: undefined } : from);
      }
    });
  }

  /** Whether only a reload interrupted the rung, which was left at `leftMs` and is entered again now. */
  private resumes(leftMs: number): boolean {
    return leftMs >= this.reload.fromMs && this.parts.clock.now() < this.reload.untilMs;
  }

  private leave(one: Watched): void {
    one.leftMs ??= this.parts.clock.now();
  }

  /** Sends the notification that is due, or waits for the next one. */
  private next(): void {
    this.timer?.cancel();
    if (this.busy || this.closing.signal.aborted) return;
    const now = this.parts.clock.now();
    let first: Watched | undefined;
    let at = Infinity;
    for (const [key, one] of this.watched) {
      const due = this.dueAt(one);
      if (due < at) [first, at] = [one, due];
      if (due === Infinity && this.isForgotten(one)) this.watched.delete(key);
    }
    if (first === undefined) return;
    if (at <= now) void this.send(first);
    else this.timer = this.parts.clock.after(at - now, () => this.next());
  }

  /** Whether an entry that has nothing to send can be deleted. */
  private isForgotten({ leftMs, triedMs }: Watched): boolean {
    if (leftMs === undefined || this.resumes(leftMs)) return false;
    return this.parts.clock.now() >= triedMs.entered + this.parts.delays.betweenMs;
  }

  private dueAt(one: Watched): number {
    if (one.leftMs !== undefined) {
      if (one.believed === "left") return Infinity;
      return Math.max(one.configured ? this.reload.untilMs : -Infinity, this.again(one, "left"));
    }
    if (one.believed === "entered") return Infinity;
    return Math.max(one.sinceMs + this.parts.delays.inForceMs, this.again(one, "entered"));
  }

  private again(one: Watched, step: Step): number {
    return one.triedMs[step] + this.parts.delays.betweenMs;
  }

  private async send(one: Watched): Promise<void> {
    const step: Step = one.leftMs === undefined ? "entered" : "left";
    const { clock } = this.parts;
    const from = clock.now();
    one.triedMs[step] = from;
    this.busy = true;
    const outcome = await this.hand(one, step);
    this.busy = false;
    this.settle(one, step, outcome);
    this.say(one, step, outcome, clock.now() - from);
    this.next();
  }

  private async hand(one: Watched, step: Step): Promise<Outcome> {
    const { clock, deliver, delays, host, facts } = this.parts;
    const late = new AbortController();
    const timer = clock.after(delays.timeoutMs, () => late.abort(`not done within ${duration(delays.timeoutMs)}`));
    try {
      const forMs = (one.leftMs ?? clock.now()) - one.sinceMs;
      const subject = { step, policy: one.policy, rung: one.rung, number: one.number, sinceMs: one.sinceWallMs, forMs };
      const body = JSON.stringify(notification(subject, { host, nowMs: clock.wall(), facts: facts() }));
      return await deliver(one.target, `${body}\n`, AbortSignal.any([late.signal, this.closing.signal]));
    } catch (error) {
      return { arrived: "no", says: describe(error) };
    } finally {
      timer.cancel();
    }
  }

  private settle(one: Watched, step: Step, { arrived }: Outcome): void {
    if (arrived === "yes") {
      this.counts.sent++;
      one.believed = step;
      // After each `entered`, `left` may be sent at once.
      one.triedMs.left = -Infinity;
      return;
    }
    this.counts.failed++;
    if (arrived === "perhaps") one.believed = "unknown";
    // A receiver that is no longer configured gets no further attempts.
    if (step === "left" && !one.configured) one.believed = "left";
  }

  private say(one: Watched, step: Step, { arrived, says, printed = "" }: Outcome, tookMs: number): void {
    const { log, hide, delays } = this.parts;
    const { policy, rung, target } = one;
    const [to, why] = [hide(targetText(target)), hide(says)];
    const what = step === "entered" ? `${rung.action} stays in force` : `${rung.action} was left`;
    const fields = { policy, action: rung.action, step, ms: Math.round(tookMs) };
    if (arrived === "yes") {
      return log.info("notify_sent", `${policy}: ${to} was told that ${what}: ${why}`, fields);
    }
    const over = this.closing.signal.aborted || this.dueAt(one) === Infinity;
    const when = over ? "" : `; tried again in ${duration(delays.betweenMs)} if it is still so`;
    log.warn(
      "notify_failed",
      `${policy}: could not tell ${to} that ${what}: ${why}${printedText(hide(printed))}${when}`,
      fields,
    );
  }
}

/** The output on one line, without characters that move a terminal's cursor, and short enough for the log. */
function printedText(printed: string): string {
  const plain = printed.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, " ").trim();
  if (plain === "") return "";
  return `; it printed: ${plain.length > SHOWN ? `…${plain.slice(-SHOWN)}` : plain}`;
}

/** A rung with a new receiver counts as another rung, so that the former receiver is told that the old one was left. */
function keyOf(policy: string, rung: Rung): string {
  return JSON.stringify([policy, rung.action, rung.notify]);
}

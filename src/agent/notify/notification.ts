// The JSON object that the receiver of a rung's `notify` gets, with the field names of /status. `text` is a sentence for people,
// under the name that chat programs expect. Invariant: it contains no text from a log or a server (server errors repeat parts of
// documents), because it leaves the host.
import { duration, percent } from "../../core/figures.ts";
import type { Rung } from "../../core/options.ts";
import type { Facts } from "../../ops/facts.ts";
import { meaning } from "../transitions.ts";

export type Step = "entered" | "left";

export interface Subject {
  readonly step: Step;
  readonly policy: string;
  readonly rung: Rung;
  /** Its number in the ladder: 1 is the lowest. */
  readonly number: number;
  /** Wall clock time at which it was entered. */
  readonly sinceMs: number;
  /** How long it has been, or was, in force. */
  readonly forMs: number;
}

export interface Sender {
  readonly host: string;
  /** Wall clock. */
  readonly nowMs: number;
  readonly facts: Pick<Facts, "version" | "policies" | "output">;
}

export function notification(subject: Subject, sender: Sender): Record<string, unknown> {
  const { policy, rung, number, step } = subject;
  const now = sender.facts.policies.get(policy);
  return {
    event: `rung_${step}`,
    text: sentence(subject, sender),
    at: new Date(sender.nowMs).toISOString(),
    host: sender.host,
    version: sender.facts.version,
    policy,
    action: rung.action,
    rung: number,
    enter: rung.enter,
    leave: rung.leave,
    since: new Date(subject.sinceMs).toISOString(),
    seconds: Math.round(subject.forMs / 100) / 10,
    // The ladder's current state; null if a reload removed the ladder.
    now: now === undefined ? null : { action: now.action, rung: now.rung, utilization: now.utilization },
    output: { circuit: sender.facts.output.circuit },
  };
}

function sentence({ step, policy, rung, forMs }: Subject, { host, facts }: Sender): string {
  const now = facts.policies.get(policy);
  const level = now === undefined ? "" : `, now ${now.action} at ${percent(now.utilization)}`;
  const head = `spillway on ${host}: ladder ${policy}`;
  if (step === "left") return `${head} has left ${rung.action} after ${duration(forMs)}${level}.`;
  const away = facts.output.circuit === "closed" ? "" : " The output does not answer.";
  return `${head} has been at ${rung.action} or above for ${duration(forMs)}${level}. ${meaning(rung)}.${away}`;
}

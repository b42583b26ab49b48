// One step on the path to a server, as `check --connect` reports it.
import type { Clock } from "../../../core/clock.ts";
import { describe, SpillwayError } from "../../../core/errors.ts";
import { inWords } from "./words.ts";

/** In the order in which they run. */
export type StepName =
  | "resolve"
  | "connect"
  | "tls"
  | "server"
  | "credentials"
  | "privileges"
  | "target"
  | "pipeline"
  | "body";

export interface StepReport {
  readonly host: string;
  readonly step: StepName;
  readonly ok: boolean;
  /** Milliseconds. */
  readonly ms: number;
  /** What was found, or why it failed. */
  readonly what: string;
  /** What to do. If `ok`, this is advice. */
  readonly hint?: string;
  /** Error code from docs/errors.md; only if the step failed. */
  readonly code?: string;
}

export interface Found {
  readonly what: string;
  readonly hint?: string | undefined;
}

/** Runs a step and measures it. A step fails by throwing a SpillwayError. */
export async function timed(
  host: string,
  step: StepName,
  clock: Clock,
  run: () => Promise<Found>,
): Promise<StepReport> {
  const start = clock.now();
  const ms = (): number => clock.now() - start;
  try {
    const { what, hint } = await run();
    return { host, step, ok: true, ms: ms(), what, ...(hint === undefined ? {} : { hint }) };
  } catch (error) {
    const known = error instanceof SpillwayError ? error : undefined;
    const said = describe(error).replace(/\.$/, "");
    const words = known === undefined ? inWords(said) : undefined;
    const what = words?.what ?? said;
    const hint = known?.hint ?? words?.hint;
    const code = known?.code ?? "output-connect";
    return {
      host,
      step: stepOf(code) ?? step,
      ok: false,
      ms: ms(),
      what,
      ...(hint === undefined ? {} : { hint }),
      code,
    };
  }
}

/** A later step may reveal that an earlier one failed: TLS 1.3 rejects a client certificate only after the handshake. */
function stepOf(code: string): StepName | undefined {
  return ({ "output-tls": "tls", "output-authenticate": "credentials" } as Record<string, StepName>)[code];
}

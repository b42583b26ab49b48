// Reports the error that ends a command, as text on stderr or as JSON on stdout, and returns its exit code.
import { ConfigError, faultFacts } from "../../config/faults/fault.ts";
import { countFaults, renderFaults } from "../../config/faults/render.ts";
import type { ExitCode } from "../../core/errors.ts";
import { EXIT, SpillwayError, describe } from "../../core/errors.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { version } from "../version.ts";

export function fail(error: unknown, terminal: Terminal): ExitCode {
  const fault = error instanceof SpillwayError ? error : unforeseen(error);
  if (terminal.json) terminal.out(JSON.stringify({ version, error: errorFacts(fault) }, null, 2));
  else terminal.err(errorText(fault, terminal));
  return fault.exit;
}

function unforeseen(error: unknown): SpillwayError {
  const hint = "please report it, with what `SPILLWAY_DEBUG=1` in the environment adds";
  return new SpillwayError("bug", `BUG: ${describe(error)}`, { cause: error, exit: EXIT.fault, hint });
}

export function errorFacts(fault: SpillwayError): Readonly<Record<string, unknown>> {
  const { code, message, hint, exit } = fault;
  const faults = fault instanceof ConfigError ? [...fault.faults, ...fault.warnings].map(faultFacts) : undefined;
  return { code, message, hint, exit, faults };
}

export function errorText(fault: SpillwayError, terminal: Pick<Terminal, "paintErr">): string {
  if (fault instanceof ConfigError) return configText(fault, terminal);
  const joined = fault.exit === EXIT.usage ? ` (${fault.hint})` : `; ${fault.hint}`;
  const hint = fault.hint === undefined ? "" : joined;
  const sentence = `${terminal.paintErr("error", "spillway:")} ${fault.message.replace(/\.$/, "")}${hint} [${fault.code}]`;
  const stack = fault.cause instanceof Error ? fault.cause.stack : fault.stack;
  return process.env["SPILLWAY_DEBUG"] ? `${sentence}\n${stack}` : sentence;
}

function configText(fault: ConfigError, terminal: Pick<Terminal, "paintErr">): string {
  const all = [...fault.faults, ...fault.warnings];
  const count = `${countFaults(all)}. spillway explain CODE says more about each; nothing was started.`;
  return `${renderFaults(all, fault.secrets, terminal.paintErr)}\n\n${count}`;
}

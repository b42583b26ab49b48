// Selects the dead letters that a command applies to: by number, by input, or all.
import { type Selection, readDeadLetters } from "../../buffer/inspect/dead-letters.ts";
import type { Database } from "../../buffer/spool/sqlite.ts";
import { EXIT, SpillwayError } from "../../core/errors.ts";
import type { Call, Option } from "../program/command.ts";
import { usageFault } from "../program/usage.ts";

export const INPUT_OPTION: Option = { flags: "--input <id>", about: "only those of one input" };
export const IDS = { name: "[id...]", about: "their numbers in the list" };

export function selectionOf({ args, options }: Call): Selection {
  const ids = ((args[0] ?? []) as readonly string[]).map(numberOf);
  return { ids, input: options["input"] as string | undefined };
}

/** The wanted numbers that are not in the list. */
export function missingOf(db: Database | undefined, { ids, input }: Selection): readonly number[] {
  if (ids.length === 0) return [];
  const known = new Set(db ? [...readDeadLetters(db, { input, limit: 0 })].map(({ id }) => id) : []);
  return ids.filter((id) => !known.has(id));
}

/** Called after the others were done: throws if some were missing, and names them. */
export function sayMissing(missing: readonly number[], directory: string): void {
  if (missing.length > 0) throw letterMissing(missing.join(", "), directory);
}

export function letterMissing(which: string, directory: string): SpillwayError {
  return new SpillwayError("letter-missing", `there is no dead letter ${which} in ${directory}`, {
    hint: "`spillway dead-letters list` shows the numbers; the oldest go when `output.dead_letters` is full",
    exit: EXIT.usage,
  });
}

export function numberOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usageFault(`<id> is \`${text}\`, needs a number of the list`);
}

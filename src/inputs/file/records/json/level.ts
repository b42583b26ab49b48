// Finds the level of a record that was parsed into a tree. Gives the same result as the kernel's level-json.ts on bytes.
import { LEVELS } from "../../../../core/options.ts";
import { isObject, isString, type Members, type Value } from "./tree.ts";

const NAME = /^(?:level|lvl|severity|loglevel|levelname|log\.level)$/i;
const WORDS: Readonly<Record<string, (typeof LEVELS)[number]>> = {
  warning: "warn",
  err: "error",
  severe: "error",
  crit: "critical",
  emerg: "fatal",
  panic: "fatal",
};
/** pino's numbers. */
const NUMBERS: Readonly<Record<string, number>> = { 10: 0, 20: 1, 30: 2, 40: 4, 50: 5, 60: 8 };

/** Index into LEVELS of the first recognised level, at the top or in `log`; -1: none. */
export function levelIn(members: Members): number {
  for (const [name, { value }] of members) {
    const found = NAME.test(name) ? levelOf(value) : -1;
    if (found >= 0) return found;
    const within = name === "log" && isObject(value) ? levelAmong(value) : -1;
    if (within >= 0) return within;
  }
  return -1;
}

function levelAmong(members: Members): number {
  for (const [name, { value }] of members) {
    const found = NAME.test(name) ? levelOf(value) : -1;
    if (found >= 0) return found;
  }
  return -1;
}

function levelOf(value: Value): number {
  if (typeof value !== "string") return -1;
  if (!isString(value)) return NUMBERS[value] ?? -1;
  const word = value.slice(1, -1).toLowerCase();
  return LEVELS.indexOf(WORDS[word] ?? (word as (typeof LEVELS)[number]));
}

// The switchboard of the sandbox: what it does wrong, as text on a command line or in a request, for example
// "slow=200ms,429=30%". What must hold: reading what is written gives the same faults, and a word that means nothing is
// refused by name.
import { EXIT, SpillwayError } from "../core/errors.ts";
import { durationText, parseDuration, parseRatio, parseSize, ratioText, sizeText } from "../core/units.ts";
import type { Misread } from "../core/units.ts";

export interface Faults {
  /** Milliseconds before each answer. */
  readonly slow: number;
  /** Bytes a second that the server digests, over all requests; 0 = as fast as it can. */
  readonly rate: number;
  /** Shares of the requests, 0 to 1: turned away; not available; cut off before anything is stored; stored but never
   * answered; never answered; answered with a proxy's page; refused for their credentials. */
  readonly "429": number;
  readonly "503": number;
  readonly reset: number;
  readonly lost: number;
  readonly hang: number;
  readonly html: number;
  readonly "401": number;
  /** Share of the documents that are turned away inside of an answer. */
  readonly "429-items": number;
  /** Bytes of the largest body that is taken; 0 = any. */
  readonly "413": number;
  /** Documents with this text do not fit the mapping; "" = all fit. */
  readonly mapping: string;
  /** Milliseconds for which nobody listens on the port, Infinity = until it is switched off; 0 = up. */
  readonly down: number;
}

export const NO_FAULTS: Faults = {
  slow: 0,
  rate: 0,
  "429": 0,
  "503": 0,
  reset: 0,
  lost: 0,
  hang: 0,
  html: 0,
  "401": 0,
  "429-items": 0,
  "413": 0,
  mapping: "",
  down: 0,
};

type FaultName = keyof Faults;

const SHARES: readonly FaultName[] = ["429", "503", "reset", "lost", "hang", "html", "401", "429-items"];

/** Reads "name=value,name"; a share without a value is 100%, `down` without one lasts. Throws a SpillwayError. */
export function parseFaults(text: string): Faults {
  const faults: Record<string, number | string> = { ...NO_FAULTS };
  for (const part of text.split(",")) {
    const [, name = "", , value] = /^\s*([^=\s]*)\s*(=\s*(.*?))?\s*$/.exec(part) ?? [];
    if (name === "" && value === undefined) continue;
    if (!Object.hasOwn(NO_FAULTS, name))
      throw refused(`fault "${name}" is not known`, `use ${Object.keys(NO_FAULTS).join(", ")}`);
    faults[name] = parseValue(name as FaultName, value);
  }
  return faults as unknown as Faults;
}

function parseValue(name: FaultName, value: string | undefined): number | string {
  if (SHARES.includes(name)) return value === undefined ? 1 : read(name, value, parseRatio(value));
  if (name === "down") return value === undefined ? Infinity : read(name, value, parseDuration(value));
  if (value === undefined || value === "") throw refused(`fault "${name}" lacks its value`, EXAMPLES[name] ?? "");
  if (name === "mapping") return value;
  if (name === "slow") return read(name, value, parseDuration(value));
  return read(name, value, parseSize(name === "rate" ? value.replace(/\/s$/, "") : value));
}

const EXAMPLES: Partial<Record<FaultName, string>> = {
  slow: "for example slow=200ms",
  rate: "for example rate=5MiB/s",
  "413": "for example 413=1MiB",
  mapping: "for example mapping=ERROR",
};

function read(name: string, value: string, parsed: number | Misread): number {
  if (typeof parsed === "number") return parsed;
  throw refused(`fault "${name}" has ${JSON.stringify(value)}, which is ${parsed.why}`, `write ${parsed.help}`);
}

function refused(what: string, hint: string): SpillwayError {
  return new SpillwayError("sandbox-faults", `${what}.`, { hint, exit: EXIT.usage });
}

/** The text that parseFaults reads; "none" where there is no fault. */
export function faultsText(faults: Faults): string {
  const parts: string[] = [];
  for (const name of Object.keys(NO_FAULTS) as FaultName[]) {
    const value = faults[name];
    if (value !== NO_FAULTS[name]) parts.push(value === Infinity ? name : `${name}=${valueText(name, value)}`);
  }
  return parts.length === 0 ? "none" : parts.join(",");
}

function valueText(name: FaultName, value: number | string): string {
  if (typeof value === "string") return value;
  if (SHARES.includes(name)) return ratioText(value);
  if (name === "slow" || name === "down") return durationText(value);
  return `${sizeText(value)}${name === "rate" ? "/s" : ""}`;
}

/** Says yes to a share of the questions, evenly spread: 30% of ten is three. */
export class Dice {
  private sum = 0;

  hits(share: number): boolean {
    this.sum += share;
    if (this.sum < 1 - 1e-9) return false;
    this.sum -= 1;
    return true;
  }
}

// The sandbox's faults, as text on a command line or in a request, for example "slow=200ms,429=30%". Invariants: parsing the text
// of faults returns the same faults; an unknown word is rejected, and the error names it.
import { EXIT, SpillwayError } from "../core/errors.ts";
import { durationText, parseDuration, parseRatio, parseSize, ratioText, sizeText } from "../core/units.ts";
import type { Misread } from "../core/units.ts";

export interface Faults {
  /** Milliseconds before each response. */
  readonly slow: number;
  /** Bytes per second that the server processes, over all requests; 0 = as fast as it can. */
  readonly rate: number;
  /** Shares of the requests, 0 to 1: rejected as too many; unavailable; reset before anything is stored; stored but reset before
   * the response; never answered; answered with a proxy's page; rejected for their credentials. */
  readonly "429": number;
  readonly "503": number;
  readonly reset: number;
  readonly lost: number;
  readonly hang: number;
  readonly html: number;
  readonly "401": number;
  /** Share of the documents that are rejected inside a successful response. */
  readonly "429-items": number;
  /** Bytes of the largest body that is accepted; 0 = any. */
  readonly "413": number;
  /** Documents with this text conflict with the mapping; "" = none do. */
  readonly mapping: string;
  /** Milliseconds for which the port is closed, Infinity = until it is switched off; 0 = up. */
  readonly down: number;
}

/** How each fault is written, and what the server then does. */
export const FAULTS_EXPLAINED: Readonly<Record<keyof Faults, readonly [form: string, does: string]>> = {
  slow: ["slow=200ms", "waits so long before each answer"],
  rate: ["rate=5MiB/s", "digests so many bytes a second, all requests together"],
  "429": ["429=30%", "turns away this share of the requests"],
  "503": ["503=30%", "is not available to this share of the requests"],
  reset: ["reset=10%", "cuts this share of the connections off before anything is stored"],
  lost: ["lost=10%", "stores, and cuts the connection off before the answer"],
  hang: ["hang=5%", "never answers this share of the requests"],
  html: ["html=5%", "answers with a proxy's login page"],
  "401": ["401=100%", "does not know the credentials"],
  "429-items": ["429-items=50%", "turns away this share of the documents inside of an answer"],
  "413": ["413=1MiB", "refuses bodies that are larger"],
  mapping: ["mapping=TEXT", "refuses documents that contain this text, as a mapping conflict"],
  down: ["down, down=30s", "nobody listens on the port, until it is switched off or for so long"],
};

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

/** Parses "name=value,name". A share without a value is 100%, `down` without one lasts, "none" is none. Throws SpillwayError. */
export function parseFaults(text: string): Faults {
  const faults: Record<string, number | string> = { ...NO_FAULTS };
  if (text.trim() === "none") return NO_FAULTS;
  for (const part of text.split(",")) {
    const [, name = "", , value] = /^\s*([^=\s]*)\s*(=\s*(.*?))?\s*$/.exec(part) ?? [];
    if (name === "" && value === undefined) continue;
    if (!Object.hasOwn(NO_FAULTS, name))
      throw refused(`fault "${name}" is not known`, `use none, or ${forms().join(", ")}`);
    faults[name] = parseValue(name as FaultName, value);
  }
  return faults as unknown as Faults;
}

function parseValue(name: FaultName, value: string | undefined): number | string {
  if (SHARES.includes(name)) return value === undefined ? 1 : read(name, value, parseRatio(value));
  if (name === "down") return value === undefined ? Infinity : read(name, value, parseDuration(value));
  if (value === undefined || value === "")
    throw refused(`fault "${name}" lacks its value`, `for example ${FAULTS_EXPLAINED[name][0]}`);
  if (name === "mapping") return value;
  if (name === "slow") return read(name, value, parseDuration(value));
  return read(name, value, parseSize(name === "rate" ? value.replace(/\/s$/, "") : value));
}

function forms(): readonly string[] {
  return Object.values(FAULTS_EXPLAINED).map(([form]) => form);
}

function read(name: string, value: string, parsed: number | Misread): number {
  if (typeof parsed === "number") return parsed;
  throw refused(`fault "${name}" has ${JSON.stringify(value)}, which is ${parsed.why}`, `write ${parsed.help}`);
}

function refused(what: string, hint: string): SpillwayError {
  return new SpillwayError("sandbox-faults", `${what}.`, { hint, exit: EXIT.usage });
}

/** The text that parseFaults parses; "none" if there is no fault. */
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

/** Hits a share of the calls, evenly spread: 30% of ten calls are three. */
export class Dice {
  private sum = 0;

  hits(share: number): boolean {
    this.sum += share;
    if (this.sum < 1 - 1e-9) return false;
    this.sum -= 1;
    return true;
  }
}

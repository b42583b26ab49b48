// Reads Vector's checkpoints: checkpoints.json in a directory per source (file, kubernetes_logs) in its data directory. A
// checkpoints.new.json beside it was left by a process that died while writing. If complete, it is newer and is used, as in
// Vector.
import { basename, dirname, join } from "node:path";
import type { Entry, Fault, Left, Reading, Recognised } from "./entry.ts";
import { NEVER, merge } from "./entry.ts";
import { type Json, isObject, parseExact, wholeNumber, wholeText, shown } from "./exact-json.ts";
import { foreign, kindOf, missing, namesIn, readState } from "./state-file.ts";

const STABLE = "checkpoints.json";
const NEWER = "checkpoints.new.json";

export function readVector(from: string): Reading {
  const homes = homesBelow(from);
  if (homes.length === 0) throw missing(from, `no ${STABLE} of Vector`);
  return merge(homes.map(readHome));
}

function homesBelow(from: string): readonly string[] {
  if (kindOf(from) === "file") return [dirname(from)];
  if (kindOf(from) === "nothing") return [];
  const below = namesIn(from).map((name) => join(from, name));
  return [from, ...below].filter((home) => [STABLE, NEWER].some((name) => kindOf(join(home, name)) === "file"));
}

function readHome(home: string): Reading {
  const input = basename(home);
  const faults: Fault[] = [];
  for (const name of [NEWER, STABLE]) {
    const file = join(home, name);
    const text = readState(file);
    if (text === undefined) continue;
    const found = parseCheckpoints({ file, text, input });
    if (found !== undefined) return { ...found, files: [file], locks: [], faults: [...faults, ...found.faults] };
    faults.push({ file, line: undefined, message: "is no whole document of checkpoints, and was passed over" });
  }
  return { files: [], locks: [], entries: [], left: [], faults };
}

export interface Checkpoints {
  readonly file: string;
  readonly text: string;
  /** The source's name in Vector's configuration. */
  readonly input: string;
}

/** Undefined if the text is not a checkpoints document; throws for an unknown version. */
export function parseCheckpoints({ file, text, input }: Checkpoints): Omit<Reading, "files" | "locks"> | undefined {
  const document = parseExact(text);
  if (!isObject(document)) return undefined;
  const { version, checkpoints } = document;
  if (version !== "1") throw foreign(file, `has checkpoints of version ${shown(version)}; 1 is known`);
  if (!Array.isArray(checkpoints)) return undefined;
  const entries: Entry[] = [];
  const left: Left[] = [];
  const faults: Fault[] = [];
  checkpoints.forEach((one: unknown, i) => {
    const fingerprint = isObject(one) ? one["fingerprint"] : undefined;
    const offset = isObject(one) ? wholeNumber(one["position"]) : undefined;
    if (!isObject(one) || !isObject(fingerprint) || offset === undefined)
      return void faults.push({
        file,
        line: undefined,
        message: `has a checkpoint, number ${i + 1}, without its parts`,
      });
    const recognised = recognise(fingerprint, timeOf(one["modified"]));
    const name = nameOf(fingerprint);
    if (typeof recognised === "string")
      left.push({ name, path: undefined, offset, reason: "unsupported", message: recognised });
    else entries.push({ name, input, path: undefined, recognised, offset });
  });
  return { entries, left, faults };
}

function recognise(fingerprint: Json, seenMs: number): Recognised | string {
  const [kind = "", value] = Object.entries(fingerprint)[0] ?? [];
  if (kind === "first_lines_checksum" || kind === "first_line_checksum") {
    const checksum = wholeText(value);
    return checksum === undefined ? "its checksum is no number" : { by: "lines", crc: BigInt(checksum) };
  }
  if (kind === "dev_inode" && Array.isArray(value)) {
    const [device, inode] = value.map(wholeText);
    if (device !== undefined && inode !== undefined) return { by: "inode", inode, device, seenMs };
  }
  return `its fingerprint ${kind} is of a Vector before 0.15 or not known here: run a newer Vector once, which renews it`;
}

function nameOf(fingerprint: Json): string {
  return Object.entries(fingerprint)
    .map(([kind, value]) => `${kind} ${Array.isArray(value) ? value.map(String).join(":") : String(value)}`)
    .join(" ")
    .slice(0, 200);
}

/** Parses the RFC 3339 time at which the checkpoint was last moved. */
function timeOf(value: unknown): number {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? NEVER : ms + 1;
}

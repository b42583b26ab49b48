// Finds Filebeat's state on disk, detects its format, and reads it.
import { dirname, join } from "node:path";
import type { Entry, Fault, Left, Reading } from "./entry.ts";
import { isObject, parseExact, shown } from "./exact-json.ts";
import { entryOf } from "./filebeat-entry.ts";
import { type Table, applyCheckpoint, applyLog, applyStates, checkpointNumber } from "./filebeat-registry.ts";
import { foreign, kindOf, missing, namesIn, readState } from "./state-file.ts";

/** Where the registry is, relative to `--from`, which may be the data directory, the registry, or the file of Filebeat 6. */
const BELOW = ["registry/filebeat", "filebeat", ".", "registry"] as const;

export function readFilebeat(from: string): Reading {
  const home = BELOW.map((name) => join(from, name)).find((path) => isRegistry(path));
  if (home === undefined) throw missing(from, "no registry of Filebeat");
  const table: Table = new Map();
  const faults: Fault[] = [];
  const files = kindOf(home) === "file" ? readStates(home, table, faults) : readRegistry(home, table, faults);
  const entries: Entry[] = [];
  const left: Left[] = [];
  for (const [key, value] of table) {
    const meaning = entryOf(key, value);
    if (meaning.kind === "entry") entries.push(meaning.entry);
    else if (meaning.kind === "left") left.push(meaning.left);
  }
  // The registry is at registry/filebeat in the data directory; Filebeat 6 has a single file in the data directory.
  const data = kindOf(home) === "file" ? dirname(home) : dirname(dirname(home));
  return { files, locks: [join(data, "filebeat.lock")], entries, left, faults };
}

/** A directory whose meta.json has a version (that of the data directory has none), or the single file of Filebeat 6. */
function isRegistry(path: string): boolean {
  const kind = kindOf(path);
  return kind === "directory" ? versionOf(path) !== undefined : kind === "file";
}

function versionOf(home: string): unknown {
  const meta = parseExact(readState(join(home, "meta.json")) ?? "");
  return isObject(meta) ? (meta["version"] ?? meta["Version"]) : undefined;
}

function readRegistry(home: string, table: Table, faults: Fault[]): readonly string[] {
  const version = versionOf(home);
  if (version === "0") return readStates(join(home, "data.json"), table, faults);
  if (version !== "1") throw foreign(home, `is a registry of version ${shown(version)}; 0 and 1 are known`);
  const files: string[] = [];
  const numbers = namesIn(home).map(checkpointNumber);
  const newest = Math.max(-1, ...numbers.filter((number) => number !== undefined));
  if (newest >= 0) {
    const file = join(home, `${newest}.json`);
    applyCheckpoint(table, { file, text: readState(file) ?? "" }, faults);
    files.push(file);
  }
  const file = join(home, "log.json");
  const text = readState(file);
  if (text === undefined) return files;
  applyLog(table, { file, text }, newest, faults);
  return [...files, file];
}

function readStates(file: string, table: Table, faults: Fault[]): readonly string[] {
  const text = readState(file);
  if (text === undefined) throw missing(file, "no list of states");
  if (!applyStates(table, { file, text }, faults)) throw foreign(file, "is no list of states of Filebeat");
  return [file];
}

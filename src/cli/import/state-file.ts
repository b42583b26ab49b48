// Reads files of another agent's state as a whole. The size is limited: a larger file is not a state or does not fit in memory.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { EXIT, SpillwayError, describe, hasCode } from "../../core/errors.ts";

/** 5,000 entries take about 1.5 MB; Filebeat starts a new log at 10 MB. */
const LARGEST = 256 * 1024 * 1024;

/** Undefined if the file does not exist. */
export function readState(file: string): string | undefined {
  try {
    if (statSync(file).size > LARGEST) throw foreign(file, "is larger than 256 MiB");
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error instanceof SpillwayError ? error : unreadable(file, error);
  }
}

/** The names in a directory, sorted. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    throw unreadable(directory, error);
  }
}

export function kindOf(path: string): "file" | "directory" | "nothing" {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return "nothing";
    return stats.isDirectory() ? "directory" : "file";
  } catch (error) {
    if (hasCode(error, "ENOTDIR")) return "nothing";
    throw unreadable(path, error);
  }
}

export function missing(from: string, what: string): SpillwayError {
  return new SpillwayError("import-missing", `there is ${what} in ${from}`, {
    hint: "name the place with `--from`: docs/migrate.md says where each agent keeps it",
    exit: EXIT.config,
  });
}

export function foreign(file: string, why: string): SpillwayError {
  return new SpillwayError("import-foreign", `${file} ${why}`, {
    hint: "nothing was taken over; docs/migrate.md lists the versions that are known",
    exit: EXIT.config,
  });
}

function unreadable(path: string, error: unknown): SpillwayError {
  return new SpillwayError("import-unreadable", `${path} cannot be read: ${describe(error)}`, {
    hint: "run this as root, or as a user who may read the other agent's state",
    exit: EXIT.config,
  });
}

export function busy(file: string, pid: number | undefined): SpillwayError {
  const whose = pid === undefined ? "another process" : `process ${pid}`;
  return new SpillwayError("import-busy", `${file} is in use by ${whose}`, {
    hint: "stop the other agent first, then run this again",
    exit: EXIT.temporary,
  });
}

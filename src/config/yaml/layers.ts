// Expands the `-c` options to files, in merge order. A file stands for itself, followed by the `conf.d` directory beside it. A
// directory stands for its *.yml and *.yaml files by name, followed by its own `conf.d`. Each file is read only once.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Fault } from "../faults/fault.ts";
import type { Source } from "./place.ts";

/** Reads all files. An unreadable file yields a fault and a source without text. */
export function readLayers(files: readonly string[], faults: Fault[]): readonly Source[] {
  const seen = new Set<string>();
  return files
    .flatMap((named) => expand(named, faults))
    .filter((file) => !seen.has(resolve(file)) && seen.add(resolve(file)))
    .map((file) => readSource(file, faults));
}

function expand(named: string, faults: Fault[]): readonly string[] {
  if (!isDirectory(named)) return [named, ...yamlFiles(join(dirname(named), "conf.d"))];
  const files = [...yamlFiles(named), ...yamlFiles(join(named, "conf.d"))];
  if (files.length === 0) faults.push(unreadable({ name: named, text: undefined }, "no *.yml is in the directory"));
  return files;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function yamlFiles(directory: string): readonly string[] {
  if (!isDirectory(directory)) return [];
  const names = readdirSync(directory).filter((name) => /^[^.].*\.ya?ml$/.test(name));
  return names.toSorted().map((name) => join(directory, name));
}

function readSource(name: string, faults: Fault[]): Source {
  try {
    return { name, text: readFileSync(name, "utf8").replace(/^\uFEFF/, "") };
  } catch (error) {
    const source = { name, text: undefined };
    faults.push(unreadable(source, reason(error)));
    return source;
  }
}

function unreadable(source: Source, why: string): Fault {
  return {
    code: "unreadable-file",
    severity: "error",
    at: { source, from: 0, to: 0 },
    message: `could not read the configuration: ${why}`,
    help: "name the file with `-c`; `/etc/spillway/spillway.yml` is read without it",
  };
}

/** Describes a system error in words, without the path, which the message already contains. */
export function reason(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const words: Readonly<Record<string, string>> = {
    ENOENT: "no such file",
    EACCES: "permission denied",
    EISDIR: "it is a directory",
    ENOTDIR: "a part of its path is not a directory",
    ELOOP: "too many symbolic links",
  };
  return words[code ?? ""] ?? `it failed with ${code ?? "an unknown error"}`;
}

// Makes calls of node:fs fail at random. Import it before the code under test. The calls that are not wrapped
// here never fail; a test can use them itself.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

export const failing = {
  /** Fraction of the calls that fail, from 0 to 1. */
  rate: 0,
  codes: ["EIO", "ESTALE"],
  /** Which calls may fail, by the name of the call and the path of the file. */
  matches: (_call: string, _path: string): boolean => true,
  /** Number of calls that failed so far. */
  count: 0,
};

const { readlinkSync } = fs;

function pathOf(file: unknown): string {
  return typeof file === "number" ? readlinkSync(`/proc/self/fd/${file}`) : String(file);
}

type Call = (...args: unknown[]) => unknown;

function fault(call: string, args: readonly unknown[]): Error | undefined {
  if (failing.rate === 0 || Math.random() >= failing.rate || !failing.matches(call, pathOf(args[0]))) return undefined;
  const code = failing.codes[failing.count++ % failing.codes.length] as string;
  return Object.assign(new Error(`${code}: injected, ${call}`), { code, syscall: call });
}

function wrap(owner: object, call: string, how: "throws" | "calls back" | "rejects"): void {
  const original = (owner as Record<string, Call>)[call] as Call;
  (owner as Record<string, Call>)[call] = (...args) => {
    const error = fault(call, args);
    if (error === undefined) return original.apply(owner, args);
    if (how === "throws") throw error;
    if (how === "rejects") return Promise.reject(error);
    queueMicrotask(() => (args.at(-1) as Call)(error));
    return undefined;
  };
  // Among the properties is the symbol that tells `promisify` the form of the result.
  Object.defineProperties((owner as Record<string, Call>)[call] as Call, Object.getOwnPropertyDescriptors(original));
}

for (const call of [
  "openSync",
  "readSync",
  "readvSync",
  "fstatSync",
  "statSync",
  "lstatSync",
  "statfsSync",
  "readlinkSync",
])
  wrap(fs, call, "throws");
for (const call of ["readv", "read", "fstat", "open"]) wrap(fs, call, "calls back");
for (const call of ["readdir", "stat", "lstat", "statfs"]) wrap(fs.promises, call, "rejects");
wrap(fs.realpathSync, "native", "throws");
syncBuiltinESMExports();

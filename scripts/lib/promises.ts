// Checks that the tests behind the promises of docs/guarantees.md ran and passed in this run of `npm test`. docs/promises.json
// names these tests. If one is renamed, removed or skipped, the run reports that its promise is no longer tested.
import { existsSync, readFileSync } from "node:fs";

export interface HeldPromise {
  /** The promise's text in the table of docs/guarantees.md. */
  readonly promise: string;
  /** Test titles by file. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

/** The results of a file's tests. */
export interface FileResults {
  /** The skip reasons by title ("" if none was given). An empty list: the test ran, and passed or is counted as failed. */
  readonly tests: ReadonlyMap<string, readonly string[]>;
  /** The reasons for skipping whole suites, whose tests then have no results. */
  readonly skippedSuites: readonly string[];
}

export interface Verdict {
  /** Faults that fail the run, each with what to do. */
  readonly broken: readonly string[];
  /** Promises that cannot be tested on this machine, with the reason. */
  readonly open: readonly string[];
}

export const PROMISES = "docs/promises.json";

/** Empty if there is no such file. */
export function readPromises(path: string): readonly HeldPromise[] {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as HeldPromise[]) : [];
}

export interface Run {
  readonly files: readonly string[];
  /** Test files that are there, but not part of this run. The promises that they hold are not checked. */
  readonly elsewhere: readonly string[];
  readonly results: ReadonlyMap<string, FileResults>;
  /** True if a skip with a reason is a fault too. */
  readonly strict: boolean;
}

const NOTHING: FileResults = { tests: new Map(), skippedSuites: [] };

export function judge(promises: readonly HeldPromise[], { files, elsewhere, results, strict }: Run): Verdict {
  const broken: string[] = [];
  const open = new Set<string>();
  for (const { promise, tests } of promises) {
    for (const [file, titles] of Object.entries(tests)) {
      if (!files.includes(file)) {
        if (!elsewhere.includes(file))
          broken.push(`${said(promise)} is held by ${file}, which is no test file. ${MOVED}`);
        continue;
      }
      for (const title of titles) {
        const why = unproven(results.get(file) ?? NOTHING, title);
        if (why === undefined) continue;
        if (why.reason && !strict) open.add(`${said(promise)}: ${why.reason}`);
        else broken.push(`${said(promise)} is held by the test "${title}" of ${file}, which ${why.says}`);
      }
    }
  }
  return { broken, open: [...open] };
}

const MOVED = `What to do: name the test that holds it now in ${PROMISES}, or take the promise out of docs/guarantees.md and there.`;
const RUN =
  "What to do: let it run, a promise is worth as much as its test; or take the promise out of docs/guarantees.md.";

function said(promise: string): string {
  return `the promise "${promise}"`;
}

/** Why the test proves nothing; undefined if it ran. */
function unproven(
  { tests, skippedSuites }: FileResults,
  title: string,
): { readonly says: string; readonly reason: string } | undefined {
  const skips = tests.get(title) ?? skippedSuites;
  if (tests.has(title) && skips.length === 0) return undefined;
  if (skips.length === 0) return { says: `did not run. If it was renamed, use its new name. ${MOVED}`, reason: "" };
  // A single skip without a reason makes this a fault.
  const reason = skips.includes("") ? "" : skips.join(", ");
  return { says: `was skipped (${reason || "no reason given"}). ${RUN}`, reason };
}

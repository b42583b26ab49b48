// Counts the results that node:test reports, file by file. A suite that fails only because of its tests is not counted as a
// further failure. A skipped suite counts as one skip. A file that ran no test counts as failed, because nobody would notice
// otherwise.
import { relative } from "node:path";
import { inspect } from "node:util";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** The reasons for skips, each once. */
  readonly reasons: Set<string>;
  /** Descriptions of the failures, ready to print. */
  readonly failures: string[];
  /** How long each file took, in seconds. */
  readonly seconds: Map<string, number>;
  /** The files that are running now. */
  readonly open: Map<string, OpenFile>;
  /** Results by file and title, for promises.ts. */
  readonly results: Map<string, { readonly tests: Map<string, string[]>; readonly skippedSuites: string[] }>;
  readonly say: (line: string) => void;
}

/** The fields of node:test's events that are used here. */
export interface TestEvent {
  readonly type: string;
  readonly data: unknown;
}

interface OpenFile {
  ran: number;
  failed: number;
  /** The output of the file, shown only if it fails. */
  readonly printed: string[];
}
interface Result {
  readonly name: string;
  readonly file?: string;
  readonly entryFile?: string;
  readonly message?: string;
  readonly skip?: boolean | string;
  readonly todo?: boolean | string;
  readonly details: {
    readonly type?: string;
    readonly duration_ms: number;
    readonly error?: Error & { failureType?: string };
  };
}

const LAST_LINES = 200;

export function newTally(say: (line: string) => void): Tally {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  return { ...counts, reasons: new Set(), failures: [], seconds: new Map(), open: new Map(), results: new Map(), say };
}

/** Adds the results of other files. */
export function merge(into: Tally, from: Tally): void {
  into.passed += from.passed;
  into.failed += from.failed;
  into.skipped += from.skipped;
  for (const reason of from.reasons) into.reasons.add(reason);
  into.failures.push(...from.failures);
  for (const [file, seconds] of from.seconds) into.seconds.set(file, (into.seconds.get(file) ?? 0) + seconds);
  for (const [file, results] of from.results) into.results.set(file, results);
}

const BRIEF_LINES = 6;
const BRIEF_FAILURES = 6;

/** The first lines of each failure, and the command that runs its file alone: what fits one screen. */
export function brief(failures: readonly string[]): string[] {
  const all = failures.filter((failure) => failure.startsWith("FAILED "));
  const shown = all.slice(0, BRIEF_FAILURES).map((failure) => {
    const file = /^FAILED (test\/\S+\.test\.ts): /.exec(failure)?.[1];
    const lines = failure.split("\n").slice(0, BRIEF_LINES);
    return [...lines, ...(file === undefined ? [] : [`alone: npm test -- ${file}`])].join("\n");
  });
  return [...shown, ...all.slice(BRIEF_FAILURES).map((failure) => failure.split("\n")[0] ?? "")];
}

export function record(tally: Tally, event: TestEvent): void {
  const result = event.data as Result;
  const name = relative(process.cwd(), result.entryFile ?? result.file ?? "");
  // The outermost test has the name of the file: it stands for the process that ran the file.
  if (result.name === name) {
    if (event.type === "test:complete") close(tally, name, result);
    return;
  }
  const file = tally.open.get(name) ?? { ran: 0, failed: 0, printed: [] };
  tally.open.set(name, file);
  if (event.type === "test:pass" || event.type === "test:fail") note(tally, name, result);
  if (event.type === "test:pass") passed(tally, file, result);
  else if (event.type === "test:fail") failed(tally, file, name, result);
  else if (event.type === "test:stdout" || event.type === "test:stderr") {
    file.printed.push(result.message ?? "");
    if (file.printed.length > LAST_LINES) file.printed.shift();
  }
}

function note(tally: Tally, name: string, { name: title, skip, todo, details }: Result): void {
  const of = tally.results.get(name) ?? { tests: new Map<string, string[]>(), skippedSuites: [] };
  tally.results.set(name, of);
  const runs = (skip ?? false) === false && (todo ?? false) === false;
  const reason = runs ? undefined : typeof skip === "string" ? skip : "";
  if (details.type === "suite") {
    if (reason !== undefined) of.skippedSuites.push(reason);
    return;
  }
  const skips = of.tests.get(title) ?? [];
  of.tests.set(title, skips);
  if (reason !== undefined) skips.push(reason);
}

function passed(tally: Tally, file: OpenFile, test: Result): void {
  const skipped = test.skip !== undefined && test.skip !== false;
  if (test.details.type === "suite" && !skipped) return;
  file.ran++;
  if (!skipped) {
    tally.passed++;
    return;
  }
  tally.skipped++;
  tally.reasons.add(typeof test.skip === "string" && test.skip ? test.skip : `${test.name} (no reason given)`);
}

function failed(tally: Tally, file: OpenFile, name: string, test: Result): void {
  const error = test.details.error;
  if (error?.failureType === "subtestsFailed") return;
  file.ran++;
  file.failed++;
  tally.failed++;
  const text = error?.failureType === "cancelledByParent" ? "cancelled by its suite" : explain(error);
  tally.failures.push(`FAILED ${name}: ${test.name}\n${text}`);
}

/** Called when the process of a file has ended. */
function close(tally: Tally, name: string, process: Result): void {
  const file = tally.open.get(name) ?? { ran: 0, failed: 0, printed: [] };
  tally.open.delete(name);
  const { error, duration_ms } = process.details;
  const fault = error && error.failureType !== "subtestsFailed" ? explain(error) : file.ran === 0 ? "ran no test" : "";
  if (fault) {
    tally.failed++;
    tally.failures.push(`FAILED ${name}: ${fault}`);
  }
  const good = file.failed === 0 && !fault;
  if (!good && file.printed.length > 0) tally.failures.push(`${name} printed:\n${file.printed.join("").trimEnd()}`);
  tally.seconds.set(name, duration_ms / 1000);
  const seconds = (duration_ms / 1000).toFixed(1).padStart(5);
  tally.say(`${good ? "ok    " : "FAILED"} ${seconds} s ${String(file.ran).padStart(4)} tests  ${name}`);
}

function explain(error: (Error & { failureType?: string; exitCode?: number }) | undefined): string {
  if (error?.exitCode !== undefined) return `its process ended with ${error.exitCode}`;
  const cause = error?.cause;
  if (cause instanceof Error) return cause.stack ?? cause.message;
  return cause === undefined ? String(error?.message) : inspect(cause);
}

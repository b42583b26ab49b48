// Counts what node:test reports, file by file. A suite that fails only because of the tests in it is not one more
// failure; a skipped suite is one thing skipped; a file that ran no test has failed, since nobody would notice otherwise.
import { relative } from "node:path";
import { inspect } from "node:util";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** Why something was skipped, each reason once. */
  readonly reasons: Set<string>;
  /** What failed and how, ready to print. */
  readonly failures: string[];
  /** The files that are running. */
  readonly open: Map<string, OpenFile>;
  readonly say: (line: string) => void;
}

/** The part of node:test's events that is used. */
export interface TestEvent {
  readonly type: string;
  readonly data: unknown;
}

interface OpenFile {
  ran: number;
  failed: number;
  /** What it printed: shown only if it fails. */
  readonly printed: string[];
}
interface Result {
  readonly name: string;
  readonly file?: string;
  readonly entryFile?: string;
  readonly message?: string;
  readonly skip?: boolean | string;
  readonly details: {
    readonly type?: string;
    readonly duration_ms: number;
    readonly error?: Error & { failureType?: string };
  };
}

const LAST_LINES = 200;

export function newTally(say: (line: string) => void): Tally {
  return { passed: 0, failed: 0, skipped: 0, reasons: new Set(), failures: [], open: new Map(), say };
}

export function record(tally: Tally, event: TestEvent): void {
  const result = event.data as Result;
  const name = relative(process.cwd(), result.entryFile ?? result.file ?? "");
  // Around the tests of a file stands one by the name of the file: the process that ran it.
  if (result.name === name) {
    if (event.type === "test:complete") close(tally, name, result);
    return;
  }
  const file = tally.open.get(name) ?? { ran: 0, failed: 0, printed: [] };
  tally.open.set(name, file);
  if (event.type === "test:pass") passed(tally, file, result);
  else if (event.type === "test:fail") failed(tally, file, name, result);
  else if (event.type === "test:stdout" || event.type === "test:stderr") {
    file.printed.push(result.message ?? "");
    if (file.printed.length > LAST_LINES) file.printed.shift();
  }
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

/** The process of a file has ended. */
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
  const seconds = (duration_ms / 1000).toFixed(1).padStart(5);
  tally.say(`${good ? "ok    " : "FAILED"} ${seconds} s ${String(file.ran).padStart(4)} tests  ${name}`);
}

function explain(error: (Error & { failureType?: string; exitCode?: number }) | undefined): string {
  if (error?.exitCode !== undefined) return `its process ended with ${error.exitCode}`;
  const cause = error?.cause;
  if (cause instanceof Error) return cause.stack ?? cause.message;
  return cause === undefined ? String(error?.message) : inspect(cause);
}

// Every error meant for a person is a SpillwayError: a sentence, a stable code, a hint and an exit code, kept apart so that a
// terminal, a log line and --json show the same error. Codes are listed in docs/errors.md and are never renamed or reused. A
// message must never contain a secret; its author leaves credentials out.

/** All exit codes that the process uses. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** An error inside spillway: a bug, or an unforeseen failure of the machine. */
  fault: 1,
  /** Wrong usage of the command line. */
  usage: 64,
  /** A temporary failure: nothing is lost, and the same call may work later. */
  temporary: 75,
  /** Wrong configuration. */
  config: 78,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorOptions {
  /** What to do about it, one sentence without a full stop. */
  readonly hint?: string;
  readonly exit?: ExitCode;
  readonly cause?: unknown;
}

export class SpillwayError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exit: ExitCode;

  /**
   * @param code stable, kebab-case
   * @param message one sentence: the thing, the value, why
   */
  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SpillwayError";
    this.code = code;
    this.hint = options.hint;
    this.exit = options.exit ?? EXIT.fault;
  }
}

/** Stops the process on a broken invariant: going on could lose or repeat data. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition)
    throw new SpillwayError("bug", `BUG: ${what}`, { hint: "please report it with `spillway inspect --json`" });
}

/** A short text for any thrown value, for a log field. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same with what to do, if that is known. */
export function describeWithHint(error: unknown): string {
  const hint = error instanceof SpillwayError && error.hint !== undefined ? `; ${error.hint}` : "";
  return `${describe(error)}${hint}`;
}

/** True when the disk or the database is full, which is temporary. */
export function isFull(error: unknown): boolean {
  return hasCode(error, "SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "ENOSPC", "EDQUOT");
}

/** True when `error` is a system error with one of these codes (ENOENT, ENOSPC ...). */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

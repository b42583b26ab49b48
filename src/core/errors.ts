// Every fault that a person may read is a SpillwayError: a sentence, a stable code, a way out and an exit code, kept
// apart so that a terminal, a log line and --json render the same fault. Codes are listed in docs/errors.md and are
// never renamed or reused. A message must never carry a secret: whoever builds one leaves credentials out.

/** Exit codes of the process, the only ones that it uses. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** A fault inside spillway: a bug, or a machine that failed in a way nobody foresaw. */
  fault: 1,
  /** Wrong usage of the command line. */
  usage: 64,
  /** A temporary failure; nothing is lost, the same call may work later. */
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

  /** @param code stable, kebab-case  @param message one sentence: the thing, the value, why */
  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SpillwayError";
    this.code = code;
    this.hint = options.hint;
    this.exit = options.exit ?? EXIT.fault;
  }
}

/** Stops the process: something that cannot happen has happened, and going on could lose or repeat data. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition)
    throw new SpillwayError("bug", `BUG: ${what}`, { hint: "please report it with `spillway inspect --json`" });
}

/** A short sentence for any thrown value, for a log field. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True when `error` is a system error with one of these codes (ENOENT, ENOSPC ...). */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

// What a file input is built from, and what its parts share. Everything from outside is handed in here.
import type { Arena } from "../../core/arena.ts";
import type { Clock } from "../../core/clock.ts";
import type { Intake } from "../../core/intake.ts";
import type { Log } from "../../core/log.ts";
import type { FileInputOptions } from "../../core/options.ts";
import type { LineScanner, ObjectChecker } from "./records/kernel-parts.ts";
import type { Nag } from "./nag.ts";

export interface FileInputParts {
  readonly intake: Intake;
  readonly arena: Arena;
  readonly kernel: LineScanner & ObjectChecker;
  readonly clock: Clock;
  readonly log: Log;
  readonly host: string;
  /** Index pattern of the output, for an input that names none. */
  readonly index: string;
  /** follow: goes on until stopped. once: reads every file to the end that it has and takes a last line as it is. */
  readonly mode: "follow" | "once";
}

/** Bytes that were never read, by reason: outside the ledger's equation. Lower bounds where nobody can know more. */
export interface Unread {
  /** Before the origin of a file with `start: end`. */
  skipped: number;
  /** Of files that were removed while no descriptor of ours kept them. */
  deleted: number;
  /** Of files that were truncated before they were read to the end. */
  truncated: number;
  /** Of nameless files let go because of `held`. */
  abandoned: number;
}

export interface Shared extends FileInputParts {
  readonly options: FileInputOptions;
  readonly unread: Unread;
  /** Files that had the content of another one. */
  readonly rereads: { files: number };
  readonly nag: Nag;
  /** What was made since, has the name of a rotated file and is none of ours, was never seen under its first name. */
  readonly sinceNs: string;
  readonly signal: AbortSignal;
}

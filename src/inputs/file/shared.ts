// The dependencies of a file input, and the state that its parts share. Everything from outside is passed in here.
import type { Arena } from "../../core/arena.ts";
import type { Clock } from "../../core/clock.ts";
import type { Intake } from "../../core/intake.ts";
import type { Log } from "../../core/log.ts";
import type { FileInputOptions } from "../../core/options.ts";
import type { RecordIndex } from "../../core/output.ts";
import type { SourceId } from "../../core/source.ts";
import type { LineScanner, ObjectChecker } from "./records/framing.ts";
import type { Reports } from "./reports.ts";

export interface FileInputParts {
  readonly intake: Intake;
  readonly arena: Arena;
  readonly kernel: LineScanner & ObjectChecker;
  readonly clock: Clock;
  readonly log: Log;
  readonly host: string;
  /** The output's index pattern, for an input without one. */
  readonly index: string;
  /** Set if the input's index depends on the record. */
  readonly recordIndex?: RecordIndex | undefined;
  /** follow: runs until stopped. once: reads every file to its current end and takes a last line without line end. */
  readonly mode: "follow" | "once";
  /** From the inputs that this one and others replace at a reload. */
  readonly left?: Left | undefined;
}

/** What inputs leave to those that replace them in this process, at a reload (rotation/left.ts). */
export interface Left {
  /** Descriptors of files without a name. Whoever takes one over removes it. */
  readonly files: Map<SourceId, number>;
  /** Sizes of the sources with unread bytes, also of those whose content is gone and that no copy was found of yet. */
  readonly sizes: Map<SourceId, number>;
}

/** Bytes that were never read, by reason. The ledger's equation leaves them out. Lower bounds if the number is unknown. */
export interface Unread {
  /** Before the origin of a file with `start: end`. */
  skipped: number;
  /** Of files that were removed while the agent had no descriptor of them. */
  deleted: number;
  /** Of files that were truncated before they were read to the end. */
  truncated: number;
  /** Of unlinked files that were released because of `held`. */
  abandoned: number;
}

export interface Counts {
  /** Failed system calls on files. Each is tried again. */
  failures: number;
  /** Paths that are not read because of a symbolic link on the way. */
  refusedLinks: number;
}

export interface Shared extends FileInputParts {
  readonly options: FileInputOptions;
  readonly unread: Unread;
  readonly counts: Counts;
  readonly reports: Reports;
  /** Wall clock when the input began. A file created later, with a rotated name and without a tail, was never seen before. */
  readonly sinceMs: number;
  readonly signal: AbortSignal;
}

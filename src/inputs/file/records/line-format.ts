// What a format reads from a line. The result goes into one reused object, so that no object is made per line.

import type { RecordValues } from "../../../core/output.ts";

/** Stream of lines that are not in the format. Each is a record by itself. */
export const ALONE = 2;

export interface Line {
  /** partial: the message continues in the next line of the same stream. */
  part: "whole" | "partial";
  /** 0 or 1, or ALONE. */
  stream: number;
  /** The message's bytes: [from, to). */
  from: number;
  to: number;
  /** plain: the bytes are the text. json: they are the content of a valid JSON string, still escaped. */
  text: "plain" | "json";
  /** NaN: none. */
  time: number;
}

export interface LineFormat {
  /** lines: records are the source's lines, unchanged. wrapped: they are taken out of the lines. */
  readonly records: "lines" | "wrapped";
  /** Reads bytes[from, to), a line without its \n. */
  read(bytes: Buffer, from: number, to: number, line: Line): void;
  /** Last step for a record after the rules; undefined: the record is a message. */
  readonly finisher?: Finish;
}

/** read: the record is exactly the line read last. changed: it was decoded or masked. cut: it is incomplete. */
export type RecordState = "read" | "changed" | "cut";

export interface Finish {
  /** For the record finished last: `kind` and `time` of its table entry. */
  readonly kind: number;
  readonly time: number;
  /** Values of the members that the index depends on. */
  readonly values: RecordValues;
  /** Finishes the record bytes[from, to). May rewrite it, to at most `limit` bytes. Returns its new end. */
  finish(bytes: Buffer, from: number, to: number, state: RecordState, limit: number): number;
}

export function newLine(): Line {
  return { part: "whole", stream: ALONE, from: 0, to: 0, text: "plain", time: NaN };
}

/** The whole line is the message. */
export function asItStands(line: Line, from: number, to: number): void {
  line.part = "whole";
  line.stream = ALONE;
  line.from = from;
  line.to = to;
  line.text = "plain";
  line.time = NaN;
}

export const PLAIN: LineFormat = {
  records: "lines",
  read(_bytes, from, to, line) {
    asItStands(line, from, to);
    line.stream = 0;
  },
};

// What a line of a format holds. Read into one object that is used again: nothing is made per line.

/** Of the lines that are not of the format: such a line is a record by itself. */
export const ALONE = 2;

export interface Line {
  /** partial: the message goes on in the next line of the same stream. */
  part: "whole" | "partial";
  /** 0 or 1, or ALONE. */
  stream: number;
  /** Of the message's bytes: [from, to). */
  from: number;
  to: number;
  /** plain: they are the record as they stand. json: the inside of a JSON string, which is sound. */
  text: "plain" | "json";
  /** NaN: none. */
  time: number;
}

export interface LineFormat {
  /** lines: what is a record stands in the source as it is. wrapped: it is taken out of something. */
  readonly records: "lines" | "wrapped";
  /** Reads bytes[from, to), a line without its \n. */
  read(bytes: Buffer, from: number, to: number, line: Line): void;
  /** What becomes of a record once rules have judged it; undefined: it is a message. */
  readonly finisher?: Finish;
}

/**
 * read: the record is the line that was read last, to the byte. changed: it was decoded, or something is blotted out.
 * cut: it is not whole.
 */
export type RecordState = "read" | "changed" | "cut";

export interface Finish {
  /** Of the record that was finished last: `kind` and `time` of its entry in the table. */
  readonly kind: number;
  readonly time: number;
  /** The record is bytes[from, to), which it may write anew, `limit` bytes at most; its new end. */
  finish(bytes: Buffer, from: number, to: number, state: RecordState, limit: number): number;
}

export function newLine(): Line {
  return { part: "whole", stream: ALONE, from: 0, to: 0, text: "plain", time: NaN };
}

/** The line is the message. */
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

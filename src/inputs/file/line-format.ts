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

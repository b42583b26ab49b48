// Text of which several lines are one record, by how a record begins, how it ends, or which lines are indented.
import type { MultilineOptions } from "../../core/options.ts";
import { endOfText } from "./joined.ts";
import { asItStands, type LineFormat } from "./line-format.ts";

export function multilineFormat(options: MultilineOptions, decoder: TextDecoder | undefined): LineFormat {
  const { start, end, indent, maxRecords } = options;
  const textOf = (bytes: Buffer, from: number, to: number): string =>
    // A decoder does not take what lies in shared memory.
    decoder ? decoder.decode(Buffer.copyBytesFrom(bytes, from, to - from)) : bytes.toString("utf8", from, to);
  return {
    records: "lines",
    joined: "plain",
    between: "line ends",
    most: maxRecords,
    read(bytes, from, to, line) {
      asItStands(line, from, to);
      const stop = endOfText(bytes, from, to);
      const text = start || end ? textOf(bytes, from, stop) : "";
      // An empty line begins none.
      if (stop === from) line.to = from;
      if (start ? start.test(text) : indent && !isBlank(bytes[from])) line.place = "first";
      line.stream = 0;
      line.part = end?.test(text) ? "whole" : "partial";
    },
  };
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}

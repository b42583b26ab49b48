// What framing lines of a format must find, written plainly over the whole source. Slow on purpose.
import type { MultilineOptions } from "../../../src/core/options.ts";
import type { LineOptions } from "../../../src/inputs/file/framing-lines.ts";

/** `content` is bytes as latin1. */
export interface Found {
  readonly offset: number;
  readonly time: number | null;
  readonly content: string;
}

interface Parsed {
  readonly first?: boolean;
  readonly stream: string | undefined;
  readonly part: "whole" | "partial";
  readonly time: number | null;
  readonly content: string;
}

interface Expected {
  records: Found[];
  skipped: number;
  filtered: number;
}

const latin1 = (text: string): string => Buffer.from(text.toWellFormed()).toString("latin1");

export function timeOf(text: string): number | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return null;
  const ms = Date.parse(`${match[1]}.${(match[2] ?? "").slice(0, 3).padEnd(3, "0")}${match[3]}`);
  return Number.isNaN(ms) ? null : ms;
}

function parse(format: string, line: string, multiline?: MultilineOptions): Parsed {
  const raw: Parsed = { stream: undefined, part: "whole", time: null, content: line };
  if (multiline) {
    const text = line.replace(/\r$/, "");
    return {
      stream: "stdout",
      first: multiline.start ? multiline.start.test(text) : multiline.indent && !/^[ \t]/.test(text),
      part: multiline.end?.test(text) ? "whole" : "partial",
      time: null,
      content: text === "" ? "" : line,
    };
  }
  if (format === "cri") {
    const match = /^([^ ]{19,}) (stdout|stderr) ([FP])(?:\r$|:[^ ]*(?: |$)| |$)([^]*)$/.exec(line);
    const time = timeOf(match?.[1] ?? "");
    if (match === null || time === null) return raw;
    return { stream: match[2], part: match[3] === "F" ? "whole" : "partial", time, content: match[4] as string };
  }
  if (format === "docker" && /^\{[^]*\}\r?$/.test(line)) {
    try {
      const { log, stream, time } = JSON.parse(Buffer.from(line, "latin1").toString());
      if (typeof log !== "string") return raw;
      return {
        stream: stream === "stderr" ? stream : "stdout",
        part: log.endsWith("\n") ? "whole" : "partial",
        time: timeOf(String(time)),
        content: latin1(log.replace(/\n$/, "")),
      };
    } catch {
      return raw;
    }
  }
  return raw;
}

export function expected(
  format: string,
  options: LineOptions,
  reach: number,
  source: Buffer,
  multiline?: MultilineOptions,
): Expected {
  const out: Expected = { records: [], skipped: 0, filtered: 0 };
  const open = new Map<string, Found>();
  const emit = (found: Found): void => {
    finish(multiline ? { ...found, content: found.content.replace(/\n+$/, "") } : found, options, out);
  };
  const closeAll = (): void => {
    [...open.values()].sort((a, b) => a.offset - b.offset).forEach(emit);
    open.clear();
  };
  let [group, lines] = [0, 0];
  for (let at = 0; at < source.length;) {
    const newline = source.indexOf(10, at);
    const next = newline < 0 ? source.length : newline + 1;
    if (next - group > reach) {
      closeAll();
      group = at;
    }
    if (next - at > reach) {
      oversized(format, options, source.toString("latin1", at, at + reach), at, out);
      group = at = next;
      continue;
    }
    const text = source.toString("latin1", at, newline < 0 ? next : newline);
    const { stream, first, part, time, content } = parse(format, text, multiline);
    if (first) {
      closeAll();
      group = at;
    }
    const begun = stream === undefined ? undefined : open.get(stream);
    const before = begun === undefined ? "" : multiline ? `${begun.content.replace(/\r$/, "")}\n` : begun.content;
    const whole = { offset: begun?.offset ?? at, time: begun ? begun.time : time, content: before + content };
    lines = begun ? lines + 1 : 1;
    const idle = multiline !== undefined && begun === undefined && content === "";
    if (stream !== undefined && part === "partial" && lines !== multiline?.maxRecords && !idle) open.set(stream, whole);
    else {
      emit(whole);
      if (stream !== undefined) open.delete(stream);
    }
    if (open.size === 0) group = next;
    at = next;
  }
  closeAll();
  return out;
}

function finish({ offset, time, content }: Found, options: LineOptions, out: Expected): void {
  const { maxRecord, oversize, includeLines, excludeLines, redact } = options;
  let bytes = Buffer.from(content.replace(/\r$/, ""), "latin1");
  if (bytes.length === 0) return;
  if (bytes.length > maxRecord) {
    if (oversize === "skip") {
      out.skipped++;
      return;
    }
    bytes = bytes.subarray(0, boundary(bytes, maxRecord));
  }
  const valid = !bytes.toString().includes("\ufffd");
  let text = bytes.toString(valid ? "utf8" : "latin1");
  const kept = includeLines.length === 0 || includeLines.some((pattern) => pattern.test(text));
  if (!kept || excludeLines.some((pattern) => pattern.test(text))) {
    out.filtered++;
    return;
  }
  for (const { source } of redact) text = text.replace(new RegExp(source, "g"), (hit) => "***".slice(0, hit.length));
  out.records.push({ offset, time, content: valid ? latin1(text) : text });
}

/** The line goes on behind `text`, so that no line end is taken off. */
function oversized(format: string, options: LineOptions, text: string, at: number, out: Expected): void {
  if (options.oversize === "skip") {
    out.skipped++;
    return;
  }
  const parsed = format === "cri" ? parse(format, text) : parse("plain", text);
  const from = text.length - parsed.content.length;
  const end = boundary(Buffer.from(text, "latin1"), Math.min(from + options.maxRecord, text.length - 1));
  finish({ offset: at, time: parsed.time, content: text.slice(from, end) }, options, out);
}

export function boundary(bytes: Buffer, at: number): number {
  for (let back = 0; back < 4 && back < at; back++) if (((bytes[at - back] ?? 0) & 0xc0) !== 0x80) return at - back;
  return at;
}

// The records that line framing must find, in plain code over the whole source. Slow on purpose.
import type { LineOptions } from "../../../../src/inputs/file/records/framing-lines.ts";

/** `content` holds bytes as latin1. */
export interface Found {
  readonly offset: number;
  readonly time: number | null;
  readonly content: string;
}

interface Parsed {
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

function parse(format: string, line: string): Parsed {
  const raw: Parsed = { stream: undefined, part: "whole", time: null, content: line };
  if (format === "plain") return { ...raw, stream: "stdout" };
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

interface Message {
  readonly offset: number;
  readonly time: number | null;
  readonly lastTime: number | null;
  readonly content: string;
  /** The number of source lines before this one. */
  readonly line: number;
  readonly end: number;
}

interface Streams {
  readonly message: Map<string, Message>;
  readonly record: Map<string, readonly Message[]>;
}

/** The source's lines as latin1, each with its line end. */
export function linesOf(source: Buffer, { unit, newline, mark }: Written): string[] {
  const text = source.toString("latin1");
  const lines: string[] = [];
  let from = 0;
  for (let at = mark(text); at + unit <= text.length; at += unit) {
    if (text.slice(at, at + unit) !== newline) continue;
    lines.push(text.slice(from, at + unit));
    from = at + unit;
  }
  if (from < text.length) lines.push(text.slice(from));
  return lines;
}

/** How the source is encoded. All text is bytes as latin1. */
export interface Written {
  readonly unit: number;
  readonly newline: string;
  /** Length of the byte order mark at the start of a file. */
  readonly mark: (text: string) => number;
  /** more: further text follows, so the last character may be incomplete. */
  readonly decode: (text: string, more?: boolean) => string;
  /** The largest number of bytes that one byte of the source can become. */
  readonly growth: number;
}

export const UTF8: Written = {
  unit: 1,
  newline: "\n",
  mark: (text) => (text.startsWith("\xef\xbb\xbf") ? 3 : 0),
  decode: (text) => text,
  growth: 1,
};

export function expected(
  format: string,
  options: LineOptions,
  reach: number,
  source: Buffer,
  written: Written = UTF8,
): Expected {
  const { multiline } = options;
  const out: Expected = { records: [], skipped: 0, filtered: 0 };
  const open: Streams = { message: new Map(), record: new Map() };
  let [group, groupLine, line, done, at] = [0, 0, 0, 0, 0];

  const close = (stream: string): void => {
    const record = open.record.get(stream);
    if (record === undefined) return;
    open.record.delete(stream);
    const [first] = record as [Message];
    const content = record.map((message) => message.content.replace(/\r$/, "")).join("\n");
    finish({ ...first, content: multiline ? content.replace(/\n+$/, "") : content }, options, out);
    done = Math.max(done, ...record.map(({ end }) => end));
  };
  const complete = (stream: string): void => {
    const raw = open.message.get(stream) as Message;
    open.message.delete(stream);
    const message = { ...raw, content: written.decode(raw.content) };
    const text = Buffer.from(message.content.replace(/\r$/, ""), "latin1").toString();
    if (multiline && (multiline.start ? multiline.start.test(text) : multiline.indent && !/^[ \t]/.test(text)))
      close(stream);
    const record = [...(open.record.get(stream) ?? []), message];
    open.record.set(stream, record);
    const empty = record.length === 1 && text === "";
    if (!multiline || empty || multiline.end?.test(text) || record.length >= multiline.maxRecords) close(stream);
  };
  const starts = (): { stream: string; offset: number; line: number }[] =>
    ["stdout", "stderr"]
      .flatMap((stream) => {
        const first = open.record.get(stream)?.[0] ?? open.message.get(stream);
        return first ? [{ stream, offset: first.offset, line: first.line }] : [];
      })
      .sort((a, b) => a.offset - b.offset);
  const settle = (): void => {
    const [first] = starts();
    const start = first?.offset ?? at;
    if (done > start) return;
    if (start > group) groupLine = first?.line ?? line;
    group = start;
  };
  const full = (next: number): boolean =>
    group < at && (next - group > Math.floor(reach / written.growth) || line - groupLine >= 8192);
  const finishFirst = (): void => {
    const stream = starts()[0]?.stream as string;
    if (open.message.has(stream)) complete(stream);
    close(stream);
  };

  for (const piece of linesOf(source, written)) {
    const next = at + piece.length;
    while (full(next)) {
      finishFirst();
      settle();
    }
    const hole = at === 0 || piece.length > reach ? holeIn(piece, written, next === source.length) : 0;
    const whole = piece.slice(hole);
    if (hole > 0) {
      group = at = done = at + hole;
      groupLine = line;
    }
    if (whole === "") continue;
    if (whole.length > reach) {
      oversized(format, options, whole.slice(0, reach), at, out, written);
      group = at = done = next;
      groupLine = ++line;
      continue;
    }
    const ended = whole.length % written.unit === 0 && whole.endsWith(written.newline);
    const text = ended ? whole.slice(0, -written.unit) : whole;
    const { stream, part, time, content } = parse(format, at === 0 ? text.slice(written.mark(text)) : text);
    if (multiline && time !== null)
      for (const name of ["stdout", "stderr"]) {
        const last = open.record.get(name)?.at(-1)?.lastTime ?? null;
        if (last !== null && last <= time - multiline.timeout) close(name);
      }
    if (stream === undefined) {
      const found = { offset: at, time, content: written.decode(content).replace(/\r$/, "") };
      finish(found, options, out);
      done = next;
    } else {
      const before = open.message.get(stream) ?? { offset: at, time, content: "", line };
      open.message.set(stream, { ...before, lastTime: time, content: before.content + content, end: next });
      if (part === "whole") complete(stream);
    }
    line++;
    at = next;
    settle();
  }
  while (starts().length > 0) finishFirst();
  return out;
}

/** Length of the hole of NUL bytes at the start of a line. */
function holeIn(text: string, { unit }: Written, last: boolean): number {
  const [{ length }] = /^\0*/.exec(text) as RegExpExecArray;
  return last && length === text.length ? length : length - (length % unit);
}

function finish({ offset, time, content }: Found, options: LineOptions, out: Expected): void {
  const { maxRecord, oversize, includeLines, excludeLines, redact } = options;
  let bytes = Buffer.from(content, "latin1");
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

/** `text` is the start of a longer line, so no line end is stripped. */
function oversized(
  format: string,
  options: LineOptions,
  text: string,
  at: number,
  out: Expected,
  written: Written,
): void {
  if (options.oversize === "skip") {
    out.skipped++;
    return;
  }
  const last = text.length - 1;
  const end = written === UTF8 ? boundary(Buffer.from(text, "latin1"), last) : last - (last % written.unit);
  const cut = text.slice(at === 0 ? written.mark(text) : 0, end);
  const parsed = format === "cri" ? parse(format, cut) : parse("plain", cut);
  finish({ offset: at, time: parsed.time, content: written.decode(parsed.content, true) }, options, out);
}

export function boundary(bytes: Buffer, at: number): number {
  for (let back = 0; back < 4 && back < at; back++) if (((bytes[at - back] ?? 0) & 0xc0) !== 0x80) return at - back;
  return at;
}

// Lines per second that framing handles, for each format: `node bench/framing.ts`. An argument runs only the kinds whose names
// begin with that text. Measures CPU time of this process, best of five rounds over one read of 256 KiB in cache. Framing alone;
// docs/formats.md quotes the figures.
import { Arena } from "../src/core/arena.ts";
import { systemClock as clock } from "../src/core/clock.ts";
import type { FileInputOptions } from "../src/core/options.ts";
import { TURN_BYTES } from "../src/inputs/file/records/framing.ts";
import { framingFor } from "../src/inputs/file/records/framings.ts";
import { codeOf, encodingOf } from "../src/inputs/file/records/text-code.ts";
import { Kernel } from "../src/kernel/kernel.ts";
import { options } from "../test/inputs/file/setup.ts";

interface Kind {
  readonly line: (i: number) => string;
  readonly input: Partial<FileInputOptions>;
  /** How a line is encoded as bytes. Default: UTF-8. */
  readonly written?: (line: string) => Buffer;
  /** Lines per record. */
  readonly lines?: number;
}

const TIME = "2026-11-24T06:40:12.123456789Z";
const digits = (i: number): string => String(i).padStart(9, "0");
const says = (i: number, end: string): string =>
  `2026-11-24 06:40:12 INFO  request ${digits(i)} of some customer has been answered in 12 ms, ${end}`;
const MULTILINE = { start: /^\d{4}-/, end: undefined, indent: false, timeout: 2000, maxRecords: 1000 };
const latin1 = (line: string): Buffer => Buffer.from(line, "latin1");
const KINDS: Readonly<Record<string, Kind>> = {
  cri: { input: { format: "cri" }, line: (i) => `${TIME} stdout F request ${digits(i)} has been answered in 12 ms` },
  docker: {
    input: { format: "docker" },
    line: (i) => `{"log":"request ${digits(i)} 12 ms\\n","stream":"stdout","time":"${TIME}"}`,
  },
  "json as it stands": {
    input: { format: "json" },
    line: (i) => `{"level":30,"time":1764000000000,"pid":17,"hostname":"web-1","req":"${digits(i)}","msg":"done"}`,
  },
  "json with its own time": {
    input: { format: "json" },
    line: (i) => `{"@timestamp":"2026-11-24T06:40:12.123Z","log.level":"info","message":"answered ${digits(i)}"}`,
  },
  "json with members that move": {
    input: { format: "json" },
    line: (i) => `{"@timestamp":"2026-11-24T06:40:12.123Z","log.level":"INFO","host":"web-1","message":"${digits(i)}"}`,
  },
  "json with an object that a document has too": {
    input: { format: "json" },
    line: (i) =>
      `{"level":30,"host":{"ip":"10.0.0.1","name":"web-1"},"pid":17,"message":"answered ${digits(i)}","n":1}`,
  },
  "json with a name that comes twice": {
    input: { format: "json" },
    line: (i) => `{"level":30,"time":1764000000000,"pid":17,"hostname":"web-1","msg":"${digits(i)}","msg":"done"}`,
  },
  "text with patterns": {
    input: { excludeLines: [/GET \/health/], redact: [/\b\d{13,19}\b/] },
    line: (i) => says(i, "ok"),
  },
  "multiline, text": {
    input: { multiline: MULTILINE },
    lines: 4,
    line: (i) =>
      i % 4 === 0
        ? says(i, "")
        : `    at com.example.shop.orders.OrderService.place(OrderService.java:${digits(i)}) [x]`,
  },
  "multiline, cri": {
    input: { format: "cri", multiline: MULTILINE },
    lines: 4,
    line: (i) =>
      `${TIME} stdout F ${i % 4 === 0 ? "2026-11-24 ERROR request" : "\tat com.example.OrderService"} ${digits(i)} has failed`,
  },
  "multiline, docker": {
    input: { format: "docker", multiline: { ...MULTILINE, start: undefined, indent: true } },
    lines: 4,
    line: (i) => `{"log":"${i % 4 === 0 ? "id" : "  "} request ${digits(i)}\\n","stream":"stdout","time":"${TIME}"}`,
  },
  "latin1, ASCII in it": { input: { encoding: "latin1" }, line: (i) => says(i, "ok") },
  "latin1, accents in it": { input: { encoding: "latin1" }, written: latin1, line: (i) => says(i, "d\xe9j\xe0") },
  gbk: { input: { encoding: "gbk" }, written: latin1, line: (i) => says(i, "\xc8\xd5") },
  "utf-16le": {
    input: { encoding: "utf-16le" },
    written: (line) => Buffer.from(line, "utf16le"),
    line: (i) => says(i, "\u65e5"),
  },
  "utf-16be": {
    input: { encoding: "utf-16be" },
    written: (line) => Buffer.from(line, "utf16le").swap16(),
    line: (i) => says(i, "\u65e5"),
  },
};

/**
 * `now` runs 1,000 times slower than real time, so that nothing counts as late. Reading the clock costs as much as in production.
 */
const TOOLS = { wall: () => 0, now: () => clock.now() / 1000, late: () => undefined };
const arena = new Arena(16 << 20);
const kernel = new Kernel(arena);

/** CPU seconds of one `run`, best of five rounds. */
function seconds(run: () => void): number {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < 200; i++) run();
    const used = process.cpuUsage(before);
    best = Math.min(best, (used.user + used.system) / 1e6 / 200);
  }
  return best;
}

const only = process.argv[2] ?? "";
const rows: Record<string, string>[] = [];
for (const [what, { line, input, written = Buffer.from, lines: each = 1 }] of Object.entries(KINDS)) {
  if (!what.startsWith(only)) continue;
  const region = arena.alloc(TURN_BYTES);
  if (region === undefined) throw new Error("the arena of the bench is too small");
  const view = arena.view(region);
  let [length, lines] = [0, 0];
  for (; ; lines++) {
    const text = written(`${line(lines)}\n`);
    if (length + text.length > TURN_BYTES) break;
    length += text.copy(view, length);
  }
  const encoding = encodingOf(input.encoding ?? "utf-8");
  const framing = framingFor(options("/", input), encoding, kernel, TOOLS);
  const bytes = arena.view(region, 0, length);
  const read = {
    region,
    bytes,
    offset: 0,
    code: codeOf(encoding, bytes),
    after: "end",
    room: 1 << 20,
    readAtMs: 0,
  } as const;
  const { records } = framing.frame(read);
  if (records !== Math.ceil(lines / each)) throw new Error(`${what}: ${records} records of ${lines} lines`);
  const s = seconds(() => framing.frame(read));
  rows.push({ what, "bytes a line": (length / lines).toFixed(0), "M lines/s": (lines / s / 1e6).toFixed(2) });
}
console.table(rows);

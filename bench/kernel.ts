// CPU cost of the kernel per byte: `node bench/kernel.ts`. An argument runs only the kinds of text whose names begin with it.
// Measures CPU time of this process, best of five rounds over one chunk in cache: the kernel alone, without reading and sending.
//
// Measured on one core of an AMD EPYC (Zen 4) virtual machine, Node 26, in M lines/s:
//   access lines of 216 B: scan 95, encode 13, thin by hash 67, thin by level and hash 18
//   encode: accents 13, Chinese 13, Latin-1 that must be repaired 11, lines of 20 B 34
//   JSON of 216 B: object 7.0, encode 36, and 9.7 where it is a message
// Without the level, encode did 28, 21, 19, 19 and 58 in the same hour. assembly/level-text.ts explains the cost of the level.
import { Arena, type Region } from "../src/core/arena.ts";
import { KIND, TABLE, TABLE_ENTRY } from "../src/core/chunk.ts";
import { DOCUMENT_PATHS, SERVERS_OWN } from "../src/core/document.ts";
import { LEVELS } from "../src/core/options.ts";
import { Kernel } from "../src/kernel/kernel.ts";
import { namesOf } from "../src/kernel/names.ts";
import { writeTemplate, type Template } from "../src/kernel/template.ts";

const CHUNK = 256 * 1024;
const arena = new Arena(16 << 20);
const kernel = new Kernel(arena);

function region(bytes: number): Region {
  const taken = arena.alloc(bytes);
  if (taken === undefined) throw new Error("the arena of the bench is too small");
  return taken;
}

const scratch = region(4096);
const template: Template = writeTemplate(arena, scratch, 0, {
  head: '{"create":{"_id":"0123456789abcdef01234567-',
  middle: '"}}\n{"@timestamp":"',
  time: "2026-11-24T06:40:12.000Z",
  lead: '","message":"',
  path: '","log":{"file":{"path":"/var/log/nginx/access.log"},"offset":',
  level: "",
  close: "}",
  tail: ',"host":{"name":"web-1"},"event":{"dataset":"nginx"}}\n',
});
const dst = region(24 * CHUNK);

/** A chunk of whole lines. `line` makes line `i`. */
function chunk(line: (i: number) => string): { src: Region; length: number; lines: number } {
  const src = region(CHUNK);
  const view = arena.view(src);
  let length = 0;
  let lines = 0;
  for (; ; lines++) {
    const text = Buffer.from(`${line(lines)}\n`);
    if (length + text.length > CHUNK) return { src, length, lines };
    length += text.copy(view, length);
  }
}

/** Field widths vary as in a real log, because the figure depends on how well branches on a line's quotes are predicted. */
function access(i: number): string {
  const some = (n: number): number => (Math.imul(i + 1, 0x9e3779b1) >>> 0) % n;
  const agents = ["X11; Linux x86_64", "iPhone; CPU iPhone OS 18_1 like Mac OS X", "compatible; Googlebot/2.1"];
  const start = `203.0.113.${some(256)} - - [24/Nov/2026:06:40:${10 + some(50)} +0000] "GET /api/items/${some(100003)}`;
  const request = `${start}?seq=${String(i).padStart(9, "0")} HTTP/1.1" ${some(5) === 0 ? 404 : 200} ${some(60013)} "-"`;
  const line = `${request} "Mozilla/5.0 (${agents[some(3)]}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0`;
  return `${line.slice(0, 190).padEnd(190, ".")}" rt=0.${String(some(1000)).padStart(3, "0")} end=${String(i).padStart(9, "0")}`.padEnd(
    215,
  );
}

/** CPU seconds of one `run`, best of five rounds. */
function seconds(run: () => void): number {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < 400; i++) run();
    const used = process.cpuUsage(before);
    best = Math.min(best, (used.user + used.system) / 1e6 / 400);
  }
  return best;
}

interface Row {
  what: string;
  "GB/s in": string;
  "M lines/s": string;
}
const rows: Row[] = [];
function measure(what: string, bytes: number, lines: number, run: () => void): void {
  const s = seconds(run);
  rows.push({ what, "GB/s in": (bytes / s / 1e9).toFixed(2), "M lines/s": (lines / s / 1e6).toFixed(2) });
}

const kinds: Record<string, (i: number) => string> = {
  "access 216 B": access,
  "UTF-8, accents": (i) =>
    `${i} Größenänderung für Benutzer «Müller» abgeschlossen, façade déjà vu ${"plain text ".repeat(13)}`,
  "UTF-8, Chinese": (i) => `${i} ${"用户登录成功服务器响应时间正常".repeat(4)}`,
  "Latin-1 (repaired)": (i) => `${i} ${"plain text ".repeat(18)}`,
  "short, 20 B": (i) => `line ${String(i).padStart(14, "0")}`,
};
const only = process.argv[2] ?? "";
for (const [name, line] of Object.entries(kinds)) {
  if (!name.startsWith(only)) continue;
  const { src, length, lines } = chunk(line);
  if (name.startsWith("Latin")) {
    const view = arena.view(src);
    for (let i = 20; i < length; i += 40) if (view[i] !== 10) view[i] = 0xe9;
  }
  measure(`scan   ${name}`, length, lines, () => kernel.scan(src, 0, length));
  const job = {
    ...{ src, from: 0, length, base: 123_456_789, dst, dstFrom: 0, capacity: dst.length, template },
    ...{ maxDocs: 1 << 30, first: 0 },
  };
  if (kernel.encode(job).consumed !== length) throw new Error(`${name}: the chunk was not encoded in whole`);
  measure(`encode ${name}`, length, lines, () => kernel.encode(job));
}
for (const always of [LEVELS.length, 4]) {
  const { src, length, lines } = chunk(access);
  const original = Buffer.from(arena.view(src, 0, length));
  const table = region(lines * TABLE_ENTRY);
  arena.shrink(src, length);
  const rule = { seedHigh: 1, seedLow: 2, threshold: 2 ** 30, always, weight: 4 };
  measure(`thin   access 216 B, ${always === LEVELS.length ? "hash" : "level and hash"}`, length, lines, () => {
    arena.view(src).set(original); // thinning overwrites the chunk, so the figure includes this copy
    kernel.thin({ src, records: lines, base: 123_456_789, table, ...rule });
  });
}
/** JSON lines of 216 B without line ends, and the record table that gives their kind. */
for (const [what, kind] of [
  ["object", KIND.object | (3 << 4)],
  ["text", KIND.text],
] as const) {
  const line = (i: number): string =>
    `{"level":30,"time":1764000000000,"pid":17,"hostname":"web-1","req":{"id":"${String(i).padStart(9, "0")}","url":` +
    `"/api/items?seq=7"},"msg":"request completed","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 ${"x".repeat(17)}"}`;
  const { src, length, lines } = chunk(line);
  const view = arena.view(src);
  const bytes = length / lines - 1;
  const table = region(lines * TABLE_ENTRY);
  const entries = arena.view(table);
  for (let i = 0; i < lines; i++) {
    view.copyWithin(i * bytes, i * (bytes + 1), i * (bytes + 1) + bytes);
    entries.writeUInt32LE((i + 1) * bytes, i * TABLE_ENTRY + TABLE.end);
    entries.writeUInt32LE(i * (bytes + 1), i * TABLE_ENTRY + TABLE.start);
    entries.writeUInt32LE(1 + kind * 2 ** 24, i * TABLE_ENTRY + TABLE.weight);
    entries.writeDoubleLE(NaN, i * TABLE_ENTRY + TABLE.time);
  }
  const target = { dst, dstFrom: 0, capacity: dst.length, template, maxDocs: 1 << 30, first: 0 };
  const job = { ...target, src, table, records: lines, record: 0, base: 123_456_789 };
  if (kernel.encodeTable(job).docs !== lines) throw new Error("the chunk was not encoded in whole");
  measure(`encode JSON of ${bytes} B as ${what}`, length, lines, () => kernel.encodeTable(job));
  if (what === "text") continue;
  const names = namesOf([...DOCUMENT_PATHS, ...SERVERS_OWN], "");
  measure(`object JSON of ${bytes} B`, length, lines, () => {
    for (let i = 0; i < lines; i++) kernel.object(view, i * bytes, (i + 1) * bytes, names);
  });
}
console.table(rows);

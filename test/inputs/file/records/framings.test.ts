// Whatever a file contains and however it is read: the same records, every byte accounted for, and offsets at which the record is
// found again. To test a new format or encoding, add a line to INPUTS. SPILLWAY_RUNS sets the number of runs.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../../helpers/fc.ts";
import { Arena } from "../../../../src/core/arena.ts";
import { TABLE, TABLE_ENTRY } from "../../../../src/core/chunk.ts";
import { DROPPED_FILTERED, DROPPED_OVERSIZE } from "../../../../src/core/fate.ts";
import type { FileInputOptions } from "../../../../src/core/options.ts";
import { type Framed, type Framing, type ReadBytes, TURN_BYTES } from "../../../../src/inputs/file/records/framing.ts";
import { framingFor } from "../../../../src/inputs/file/records/framings.ts";
import { codeOf, encodingOf } from "../../../../src/inputs/file/records/text-code.ts";
import { Kernel } from "../../../../src/kernel/kernel.ts";
import { options } from "../setup.ts";
import { TOOLS } from "./pieces.ts";

const RUNS = Number(process.env["SPILLWAY_RUNS"] ?? 200);
const arena = new Arena(16 << 20);
const kernel = new Kernel(arena);

const MULTILINE = { start: undefined, end: undefined, indent: false, timeout: 0, maxRecords: 1000 };
const RULES = { includeLines: [/a|é|log/], excludeLines: [/drop/], redact: [/secret/, /\d{4}/] };

const INPUTS: Readonly<Record<string, Partial<FileInputOptions>>> = {
  text: {},
  "text with rules": RULES,
  "text with times": { timestamp: { field: undefined, format: "rfc3339" } },
  cri: { format: "cri" },
  "cri with rules": { format: "cri", ...RULES },
  docker: { format: "docker" },
  "docker with rules": { format: "docker", ...RULES },
  json: { format: "json" },
  "json with rules": { format: "json", ...RULES },
  "json in utf-16 with times": { format: "json", encoding: "utf-16", timestamp: { field: "log", format: "%s" } },
  "multiline by start": { multiline: { ...MULTILINE, start: /^[\da]/ } },
  "multiline by end": { multiline: { ...MULTILINE, end: /[;}]$/, maxRecords: 3 } },
  "multiline by indent": { multiline: { ...MULTILINE, indent: true }, ...RULES },
  latin1: { encoding: "latin1" },
  gbk: { encoding: "gbk" },
  gb18030: { encoding: "gb18030" },
  big5: { encoding: "big5" },
  shift_jis: { encoding: "shift_jis" },
  "euc-jp": { encoding: "euc-jp" },
  "euc-kr": { encoding: "euc-kr", multiline: { ...MULTILINE, indent: true } },
  "iso-2022-jp": { encoding: "iso-2022-jp" },
  "utf-16": { encoding: "utf-16" },
  "utf-16be with rules": { encoding: "utf-16be", ...RULES },
  "utf-16le in records of several lines": { encoding: "utf-16le", multiline: { ...MULTILINE, start: /^\P{ASCII}/u } },
  "cri in gbk": { format: "cri", encoding: "gbk" },
  "cri in records of several lines": { format: "cri", multiline: { ...MULTILINE, start: /^[\da]/, timeout: 1 } },
  "docker in records of several lines": { format: "docker", multiline: { ...MULTILINE, indent: true, timeout: 1 } },
};

interface Found {
  readonly records: { offset: number; time: number; content: string }[];
  /**
   * Number of filtered records. Their bytes are not compared, because where a read ends decides to which record empty lines
   * count.
   */
  filtered: number;
  readonly oversize: { records: number; bytes: number };
}

/**
 * Frames `source` as the reader does while the file grows by `steps`, repeated from the first. `patience`: endless waits for the
 * rest of a record; little also ends a record when the file has not grown for long.
 */
function read(
  input: FileInputOptions,
  source: Buffer,
  steps: readonly number[],
  patience: "endless" | "little" = "endless",
  from = 0,
): Found {
  const encoding = encodingOf(input.encoding);
  const framing = framingFor(input, encoding, kernel, { ...TOOLS, wall: () => 1e12 });
  const code = codeOf(encoding, source);
  const found: Found = { records: [], filtered: 0, oversize: { records: 0, bytes: 0 } };
  let [position, searched, size, line] = [from, from, from, "start"];
  for (let turn = 0; position < source.length; turn++) {
    // Grows the file, as a poll would find, when everything was searched or the reader waits.
    if (turn === 0 || searched >= size || line === "wait") {
      size = Math.min(source.length, size + (steps[turn % steps.length] ?? 1));
      if (line === "wait") line = "start";
    }
    const wanted = Math.max(TURN_BYTES, Math.min(2 * (searched - position), input.maxRecord + 2));
    const piece = source.subarray(position, Math.min(size, position + wanted));
    const atEnd = position + piece.length === source.length;
    const waits = patience === "endless" || position + piece.length < size || turn % 3 === 0;
    const after = atEnd ? "end" : waits ? "more" : turn % 3 === 1 ? "quiet" : "still";
    const framed = frame(framing, line, { bytes: piece, offset: position, code, after }, input);
    assert.ok(framed.end <= piece.length);
    if (framed.end === 0) {
      assert.ok(size < source.length || piece.length < source.length - position, "no progress");
      searched = position + piece.length;
      if (line === "start") line = "wait";
      else size = Math.min(source.length, size + (steps[turn % steps.length] ?? 1));
      continue;
    }
    take(framed, piece, position, found);
    searched = framed.rest === "partial" ? position + piece.length : position + framed.end;
    position += framed.end;
    line = framed.rest === "oversized" ? "oversized" : "start";
  }
  return found;
}

/** Frames bytes in a region of their own, and copies the result, which is valid only until the next call. */
function frame(
  framing: Framing,
  line: string,
  piece: Omit<ReadBytes, "region" | "room" | "readAtMs">,
  { maxRecord }: FileInputOptions,
): Framed {
  const region = arena.alloc(piece.bytes.length);
  assert.ok(region);
  try {
    const bytes = arena.view(region);
    piece.bytes.copy(bytes);
    const room = Math.max(bytes.length, Math.min(framing.growth * bytes.length, Math.max(TURN_BYTES, maxRecord + 2)));
    const read = { ...piece, region, bytes, room, readAtMs: 0 };
    const framed = line === "oversized" ? framing.pass(read) : framing.frame(read);
    assert.ok(bytes.equals(piece.bytes), "the source's bytes changed");
    const { rewritten } = framed;
    assert.ok(framed.kept <= room, "more than there is room for");
    assert.ok((rewritten?.table.length ?? 0) <= framing.tableBytes);
    return {
      ...framed,
      rewritten: rewritten && { bytes: Buffer.from(rewritten.bytes), table: Buffer.from(rewritten.table) },
    };
  } finally {
    arena.release(region);
  }
}

function take({ end, kept, records, rewritten, counted }: Framed, piece: Buffer, position: number, found: Found): void {
  let covered = 0;
  for (const [fate, { records: some, bytes }] of counted) {
    covered += bytes;
    if (fate === DROPPED_FILTERED) found.filtered += some;
    else {
      assert.equal(fate, DROPPED_OVERSIZE);
      found.oversize.records += some;
      found.oversize.bytes += bytes;
    }
  }
  const before = found.records.length;
  if (rewritten === undefined) {
    covered += kept;
    let at = 0;
    for (const text of kept > 0 ? piece.toString("latin1", 0, kept).split("\n") : []) {
      const content = text.endsWith("\r") ? text.slice(0, -1) : text;
      if (content !== "") found.records.push({ offset: position + at, time: NaN, content });
      at += text.length + 1;
    }
  } else {
    const [bytes, table] = [Buffer.from(rewritten.bytes), Buffer.from(rewritten.table)];
    let from = 0;
    for (let at = 0; at < table.length; at += TABLE_ENTRY) {
      const to = table.readUInt32LE(at + TABLE.end);
      const offset = position + table.readUInt32LE(at + TABLE.start);
      const time = table.readDoubleLE(at + TABLE.time);
      found.records.push({ offset, time, content: bytes.toString("latin1", from, to) });
      covered += table.readUInt32LE(at + TABLE.length);
      from = to;
    }
    assert.equal(from, bytes.length);
  }
  assert.equal(found.records.length - before, records);
  assert.equal(covered, end, "bytes that are neither a record's nor counted");
}

const AT = "2026-11-24T06:40:12.5Z";
const pieces = [
  ...[
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " ",
    "\t",
    "a",
    "drop",
    "secret",
    "0123",
    ";",
    "}",
    "é",
    "日",
    "🙂",
    "\0",
  ],
  ...[`${AT} stdout F `, `${AT} stdout P `, `${AT} stderr P `, `${AT} stderr F`, AT, "2026-", "stdout"],
  ...['{"log":"', '\\n","stream":"stdout","time":"', `${AT}"}\n`, '{"log":"a\\', '","stream":"stderr"}\n', '"', "\\"],
  ...["x".repeat(90), "ü".repeat(70)],
].map((text) => Buffer.from(text));
const anything = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...pieces) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.integer({ min: 0x80, max: 0xff }).map((byte) => Buffer.from([byte, byte ^ 0x21])) },
);
/** Sometimes longer than one read. */
const source = fc
  .tuple(
    fc.array(anything, { maxLength: 60, size: "max" }),
    fc.constantFrom(...Array<number>(30).fill(0), 3000, 300_000),
  )
  .map(([all, more]) => {
    const bytes = Buffer.concat(all);
    return bytes.length === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(more, bytes)]);
  });
const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 80 }), fc.constantFrom(5000, 200_000)), {
  minLength: 1,
  maxLength: 6,
});

for (const [name, changes] of Object.entries(INPUTS)) {
  test(name, () => {
    const limits = fc.constantFrom(
      [1 << 20, "truncate"],
      [1 << 20, "skip"],
      [64, "truncate"],
      [64, "skip"],
      [7, "truncate"],
    );
    fc.assert(
      fc.property(
        source,
        steps,
        limits as fc.Arbitrary<[number, "truncate" | "skip"]>,
        fc.nat(),
        (bytes, by, limit, nth) => {
          const [maxRecord, oversize] = limit;
          const input = options("/", { ...changes, maxRecord, oversize });
          const whole = read(input, bytes, [bytes.length]);
          const grown = read(input, bytes, bytes.length < 5000 ? by : [...by, 100_000]);
          assert.deepEqual(grown, whole);
          read(input, bytes, by, "little");
          const record = whole.records[nth % whole.records.length];
          if (record === undefined) return;
          const again = read(input, bytes, [bytes.length], "endless", record.offset);
          const found = again.records.find(({ offset }) => offset === record.offset);
          assert.deepEqual(found, record);
        },
      ),
      { numRuns: RUNS },
    );
  });
}

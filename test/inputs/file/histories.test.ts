// Random histories of one file whose lines are joined or decoded. The file is written bit by bit, and file inputs read it, are
// stopped, crash and read again. The records and offsets must be those that the reference, records/lines.reference.ts, finds in the
// file.
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "../../helpers/fc.ts";
import { DROPPED_OVERSIZE } from "../../../src/core/fate.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { FileInputOptions } from "../../../src/core/options.ts";
import { FileInput } from "../../../src/inputs/file/file-input.ts";
import { TURN_BYTES } from "../../../src/inputs/file/records/framing.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { FakeIntake, type FakeSource } from "../../helpers/fake-intake.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { written } from "./records/lines.ts";
import * as reference from "./records/lines.reference.ts";
import { options } from "./setup.ts";

const RUNS = Number(process.env["SPILLWAY_RUNS"] ?? 40);
const MULTILINE = { start: /^[a\u65e5]/, end: undefined, indent: false, timeout: 3_600_000, maxRecords: 4 };
const clock = fastClock(20);

const utf8 = (text: string): Buffer => Buffer.from(text);
const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

interface Kind {
  readonly format: "plain" | "cri" | "docker";
  readonly input: Partial<FileInputOptions>;
  readonly bytes: (text: string) => Buffer;
  readonly line: (stream: string, part: string, text: string) => string;
}

const said = (_stream: string, _part: string, text: string): string => text;
const cri: Kind["line"] = (stream, part, text) => `2026-11-24T06:40:12Z ${stream} ${part} ${text}`;
const docker: Kind["line"] = (stream, part, text) =>
  JSON.stringify({ log: part === "F" ? `${text}\n` : text, stream, time: "2026-11-24T06:40:12Z" });

const KINDS: Readonly<Record<string, Kind>> = {
  "several lines": { format: "plain", input: { multiline: MULTILINE }, bytes: utf8, line: said },
  cri: { format: "cri", input: { format: "cri" }, bytes: utf8, line: cri },
  "cri, several lines": { format: "cri", input: { format: "cri", multiline: MULTILINE }, bytes: utf8, line: cri },
  "docker, several lines": {
    format: "docker",
    input: { format: "docker", multiline: { ...MULTILINE, start: undefined, indent: true } },
    bytes: utf8,
    line: docker,
  },
  "utf-16": { format: "plain", input: { encoding: "utf-16" }, bytes: utf16, line: said },
  "utf-16be, several lines": {
    format: "plain",
    input: { encoding: "utf-16be", multiline: MULTILINE },
    bytes: utf16,
    line: said,
  },
};

/** Mostly short texts, and sometimes more than one read holds. */
const text = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom("a", "b", " c", "", "a\u65e5\u0a0a", "\u65e5", "\u{1f642}", "\ta", "a\r") },
  { weight: 1, arbitrary: fc.constantFrom("ab".repeat(150_000), "\u65e5".repeat(100_000), "a".repeat(5000)) },
);
const line = fc.record({
  text,
  stream: fc.constantFrom("stdout", "stdout", "stderr"),
  part: fc.constantFrom("F", "F", "P"),
  ending: fc.constantFrom("\n", "\n", "\r\n"),
});
const step = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 8 }),
  /** Bytes held back from the end of this step's lines. They are written with the next step. */
  back: fc.nat(40),
  next: fc.constantFrom("read", "nothing", "stop", "crash"),
  /** Chunks at the end that a crash loses. */
  lost: fc.nat(4),
});

/** A directory with one file, and a series of inputs that read it. */
class History {
  readonly dir = mkdtempSync(join(tmpdir(), "spillway-histories-"));
  readonly log = join(this.dir, "a.log");
  readonly intake = new FakeIntake();
  private readonly kernel = new Kernel(this.intake.arena);
  private readonly changes: Partial<FileInputOptions>;
  private input: FileInput | undefined;
  /** The number of chunks that no crash may lose. */
  private durable = 0;

  constructor(changes: Partial<FileInputOptions>) {
    this.changes = changes;
    writeFileSync(this.log, "");
  }

  async read(mode: "follow" | "once"): Promise<void> {
    if (this.input === undefined) {
      const { intake, kernel } = this;
      const parts = { intake, arena: intake.arena, kernel, clock, log: silentLog, host: "h", index: "i" };
      this.input = new FileInput(options(this.dir, this.changes), { ...parts, mode });
      await this.input.start();
    }
    await this.input.done();
  }

  async stop(lost = 0): Promise<void> {
    await this.input?.stop();
    this.input = undefined;
    this.intake.restart(({ taken }) => Math.max(this.durable, taken.length - lost));
    this.durable = Math.max(0, ...[...this.intake.sources.values()].map(({ taken }) => taken.length));
  }
}

function found(source: FakeSource | undefined): { records: reference.Found[]; skipped: number } {
  const records: reference.Found[] = [];
  let skipped = 0;
  for (const { start, text: taken, entries, counted } of source?.taken ?? []) {
    skipped += counted.get(DROPPED_OVERSIZE)?.records ?? 0;
    for (const { offset, text: content, time } of entries)
      records.push({ offset, time: Number.isNaN(time) ? null : time, content });
    let offset = start;
    for (const content of entries.length > 0 ? [] : taken.split("\n")) {
      const kept = content.replace(/\r$/, "");
      if (kept !== "") records.push({ offset, time: null, content: kept });
      offset += content.length + 1;
    }
  }
  return { records, skipped };
}

const order = (a: reference.Found, b: reference.Found): number => a.offset - b.offset;

for (const [name, { format, input, bytes, line: write }] of Object.entries(KINDS)) {
  test(`${name}: the file's records, whenever it is read, stopped and crashed`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.constantFrom("truncate", "skip"),
        fc.constantFrom(8, 1000),
        fc.boolean(),
        async (steps, oversize, maxRecord, marked) => {
          const changes = { ...input, oversize, maxRecord };
          const history = new History(changes);
          try {
            let source = marked ? bytes("\ufeff") : Buffer.alloc(0);
            let size = 0;
            for (const { lines, back, next, lost } of steps) {
              const more = lines.map(({ stream, part, text: of, ending }) => write(stream, part, of) + ending).join("");
              source = Buffer.concat([source, bytes(more)]);
              const until = Math.max(size, source.length - back);
              appendFileSync(history.log, source.subarray(size, until));
              size = until;
              if (next !== "nothing") await history.read("follow");
              if (next === "stop") await history.stop();
              if (next === "crash") await history.stop(lost);
            }
            await history.stop();
            appendFileSync(history.log, source.subarray(size));
            await history.read("once");
            await history.stop();
            const [only] = history.intake.sources.values();
            const { records, skipped } = found(only);
            const setting = {
              timestamp: undefined,
              includeLines: [],
              excludeLines: [],
              redact: [],
              multiline: undefined,
            };
            const label = input.encoding ?? "utf-8";
            const { filtered: _none, ...expected } = reference.expected(
              format,
              { ...setting, ...changes },
              TURN_BYTES,
              source,
              written(label, source),
            );
            assert.equal(history.intake.sources.size, source.length === 0 ? 0 : 1);
            assert.deepEqual(
              { records: records.sort(order), skipped },
              { ...expected, records: expected.records.sort(order) },
            );
          } finally {
            await history.stop();
            rmSync(history.dir, { recursive: true });
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
}

// Lines of 64 MB and a small max_record: what is kept of each line, that the rest is counted, and that no line is held in memory.
import assert from "node:assert/strict";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { DROPPED_OVERSIZE } from "../../../src/core/fate.ts";
import type { FileInputOptions } from "../../../src/core/options.ts";
import { TURN_BYTES } from "../../../src/inputs/file/records/framing.ts";
import { TABLE_BYTES } from "../../../src/inputs/file/records/record-writer.ts";
import { bench } from "./setup.ts";

const SIZE = 64 << 20;
const MAX = 1000;
const AT = "2026-11-24T06:40:12Z stdout F ";
const MULTILINE = { start: /^\w/, end: undefined, indent: false, timeout: 60_000, maxRecords: 10 };

const utf8 = (text: string): Buffer => Buffer.from(text);
const big = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

interface Kind {
  readonly input: Partial<FileInputOptions>;
  readonly write: (text: string) => Buffer;
  readonly line: (text: string) => string;
  /** The expected text of the long line's record. */
  readonly kept: string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  text: { input: {}, write: utf8, line: (text) => `${text}\n`, kept: "\u65e5".repeat(333) },
  "text with patterns": {
    input: { excludeLines: [/drop/] },
    write: utf8,
    line: (text) => `${text}\n`,
    kept: "\u65e5".repeat(333),
  },
  multiline: { input: { multiline: MULTILINE }, write: utf8, line: (text) => `${text}\n`, kept: "\u65e5".repeat(333) },
  cri: { input: { format: "cri" }, write: utf8, line: (text) => `${AT}${text}\n`, kept: "\u65e5".repeat(333) },
  "cri, multiline": {
    input: { format: "cri", multiline: MULTILINE },
    write: utf8,
    line: (text) => `${AT}${text}\n`,
    kept: "\u65e5".repeat(333),
  },
  // A truncated line is not valid JSON, so it is shipped as it is in the file.
  docker: {
    input: { format: "docker" },
    write: utf8,
    line: (text) => `{"log":"${text}\\n"}\n`,
    kept: `{"log":"${"\u65e5".repeat(330)}`,
  },
  "utf-16": {
    input: { encoding: "utf-16be", multiline: MULTILINE },
    write: big,
    line: (text) => `${text}\n`,
    kept: "\u65e5".repeat(333),
  },
};

for (const [name, { input, write, line, kept }] of Object.entries(KINDS))
  for (const oversize of ["truncate", "skip"] as const)
    test(`${name}: a line of 64 MB, ${oversize}`, async (t) => {
      const { dir, intake, run } = bench(t);
      const [before, after] = line("\0").split("\0") as [string, string];
      const fd = openSync(join(dir, "a.log"), "w");
      t.after(() => closeSync(fd));
      let size = writeSync(fd, write(line("first") + before));
      const piece = write("\u65e5".repeat(1 << 19));
      while (size < SIZE) size += writeSync(fd, piece);
      size += writeSync(fd, write(after + line("last")));

      const reading = await run({ ...input, maxRecord: MAX, oversize }, { mode: "once" });
      await reading.done();
      const [source] = intake.sources.values();
      assert.equal(source?.end, size);
      const texts = source.taken.map(({ text }) => Buffer.from(text, "latin1").toString().trimEnd());
      const wanted = oversize === "skip" ? ["first", "last"] : ["first", kept, "last"];
      assert.deepEqual(
        texts.filter((text) => text !== ""),
        wanted,
      );
      const marked = source.taken.filter(({ fields }) => fields["log.flags"] !== undefined);
      assert.deepEqual(
        marked.map(({ text, fields }) => [Buffer.from(text, "latin1").toString(), fields["log.flags"]]),
        oversize === "skip" ? [] : [[kept, ["truncated"]]],
      );
      assert.equal(source.records, wanted.length);
      const cut = source.bytesOf(DROPPED_OVERSIZE);
      assert.ok(cut > SIZE - (1 << 20) && cut < size, `${cut} of ${size} bytes counted as cut`);
      assert.ok(intake.largestRoom <= TURN_BYTES + TABLE_BYTES + 64, `${intake.largestRoom} bytes were read at once`);
    });

test("a secret that is cut off is not recognised any more, and its beginning stays", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), "card 4111111111111111\ncard 41111111111111110\n");
  await run({ maxRecord: 20, redact: [/\d{16}/] });
  await intake.until(() => intake.text === "card 411111111111111card 411111111111111", "both lines");
});

import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../../helpers/fc.ts";
import { DROPPED_OVERSIZE } from "../../../../src/core/fate.ts";
import { TextFraming } from "../../../../src/inputs/file/records/framing-text.ts";
import { Kernel } from "../../../../src/kernel/kernel.ts";
import { arena, inPieces } from "./pieces.ts";

const kernel = new Kernel(arena);

/** Frames `source` in pieces, as the reader does. @returns the records without line ends, with their offsets */
function records(source: Buffer, framing: TextFraming, sizes: readonly number[], maxRecord: number): string[] {
  const out: string[] = [];
  let passed = 0;
  const reading = { sizes, reach: maxRecord + 2, room: (bytes: number) => bytes };
  inPieces(framing, source, reading, (framed, piece, position) => {
    let at = position;
    let count = 0;
    for (const text of piece.toString("latin1", 0, framed.kept).split("\n")) {
      const content = text.endsWith("\r") ? text.slice(0, -1) : text;
      if (content !== "") {
        out.push(`${at} ${content}`);
        count++;
      }
      at += text.length + 1;
    }
    assert.equal(count, framed.records);
    passed += framed.counted.get(DROPPED_OVERSIZE)?.records ?? 0;
  });
  out.push(`skipped ${passed}`);
  return out;
}

function expected(source: string, maxRecord: number, oversize: "truncate" | "skip"): string[] {
  const out: string[] = [];
  let [at, skipped] = [0, 0];
  for (const line of source.split("\n")) {
    const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
    const text = at === 0 || whole.length > maxRecord ? line.replace(/^\0+/, "") : line;
    const content = text.endsWith("\r") ? text.slice(0, -1) : text;
    at += line.length - text.length;
    if (content.length > maxRecord && oversize === "skip") skipped++;
    else if (content !== "") {
      // Moves the cut back to the first byte of a character, by at most three bytes.
      let end = Math.min(maxRecord, content.length);
      if (content.length > maxRecord)
        for (let back = 0; back < 4 && back < maxRecord; back++)
          if ((text.charCodeAt(maxRecord - back) & 0xc0) !== 0x80) {
            end = maxRecord - back;
            break;
          }
      const kept = content.slice(0, end);
      out.push(`${at} ${kept.endsWith("\r") && content.length > maxRecord ? kept.slice(0, -1) : kept}`);
    }
    at += text.length + 1;
  }
  out.push(`skipped ${skipped}`);
  return out;
}

const byte = fc.oneof(
  fc.constantFrom("\n", "\n", "\r", "a", "b", "\xe2\x82\xac", "\xc3\xa9"),
  fc.constantFrom("\x00", "\x00".repeat(9), "\xff"),
);

test("the same records whatever the read boundaries", () => {
  fc.assert(
    fc.property(
      fc.array(byte, { maxLength: 80, size: "max" }).map((parts) => parts.join("")),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5, size: "max" }),
      fc.integer({ min: 4, max: 12 }),
      fc.constantFrom("truncate", "skip"),
      (text, sizes, maxRecord, oversize) => {
        const framing = new TextFraming(kernel, { maxRecord, oversize });
        const got = records(Buffer.from(text, "latin1"), framing, sizes, maxRecord);
        assert.deepEqual(got, expected(text, maxRecord, oversize));
      },
    ),
    { numRuns: Number(process.env.SPILLWAY_RUNS ?? 2000) },
  );
});

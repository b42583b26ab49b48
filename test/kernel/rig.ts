// Shared by all kernel tests: an arena, a kernel over it, texts in regions, and a target between guard bytes.
import assert from "node:assert/strict";
import fc from "../helpers/fc.ts";
import { Arena, type Region } from "../../src/core/arena.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import { templateBytes, writeTemplate, type Template, type TemplateParts } from "../../src/kernel/template.ts";

export const arena = new Arena(4 << 20, { poison: 0xdd });
export const kernel = new Kernel(arena);

export function take(length: number): Region {
  const region = arena.alloc(length);
  assert.ok(region !== undefined, "the arena of the tests is too small");
  return region;
}

/**
 * Runs with `text` in a region of its own, at any alignment, with hostile bytes around it. The first region ends where memory
 * ends, so that a read beyond its slack traps.
 */
export function withText<T>(text: Uint8Array, run: (src: Region, from: number) => T, shift = 0): T {
  const src = arena.allocHigh(text.length + shift);
  assert.ok(src !== undefined, "the arena of the tests is too small");
  const hostile = HOSTILE[shift % HOSTILE.length] as readonly number[];
  arena.bytes.fill(hostile.at(-1) as number, src.ptr, src.ptr + src.size);
  arena.bytes.set(text, src.ptr + shift);
  arena.bytes.set(hostile, src.ptr + shift + text.length);
  try {
    return run(src, shift);
  } finally {
    arena.release(src);
  }
}
/** Bytes around a text that the kernel must not see: a line end, bytes that complete a cut sequence, a lead byte, a quote. */
const HOSTILE = [[10], [0x80, 97], [0x80, 0x80, 97], [0xe4], [34, 58], [13, 10]];

const GUARD = 0xa5;
/** Bytes behind the capacity that a kernel may overwrite. All of them are in the region's slack. */
export const SPILL = 31;

/** Runs with a target of exactly `capacity` bytes and checks that nothing outside of it changed. */
export function withTarget<T>(capacity: number, run: (dst: Region, dstFrom: number) => T): T {
  const before = 64;
  const dst = take(before + capacity + SPILL + 64);
  arena.bytes.fill(GUARD, dst.ptr, dst.ptr + dst.size);
  try {
    const result = run(dst, before);
    const view = arena.view(dst);
    assert.ok(
      view.subarray(0, before).every((byte) => byte === GUARD),
      "bytes before the target changed",
    );
    assert.ok(
      view.subarray(before + capacity + SPILL).every((byte) => byte === GUARD),
      "bytes behind the target changed",
    );
    return result;
  } finally {
    arena.release(dst);
  }
}

export function withTemplate<T>(parts: TemplateParts, run: (template: Template) => T): T {
  const region = take(templateBytes(parts));
  try {
    return run(writeTemplate(arena, region, 0, parts));
  } finally {
    arena.release(region);
  }
}

export const PARTS: TemplateParts = {
  head: '{"create":{"_id":"0123456789abcdef01234567-',
  middle: '"}}\n{"@timestamp":"',
  time: "2026-11-24T06:40:12.000Z",
  lead: '","message":"',
  path: '","log":{"file":{"path":"/var/log/a.log"},"offset":',
  level: "",
  close: "}",
  tail: ',"host":{"name":"web-1"}}\n',
};
export const PARTS_WITHOUT_ID: TemplateParts = { ...PARTS, head: '{"create":{}}\n{"@timestamp":"', middle: "" };
export const PARTS_WITH_LEVEL: TemplateParts = { ...PARTS, level: ',"level":"as the input says"' };
/** The shortest possible parts, so that no text behind a message can hide an overrun. */
export const BARE: TemplateParts = {
  head: "",
  middle: "",
  time: "",
  lead: "",
  path: "",
  level: "",
  close: "",
  tail: "",
};

/** Pieces of text that reach every branch: special bytes; whole, cut and invalid sequences; runs about as long as a block. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("\n", "\r\n", "\r", "\n\n", '"', "\\", "\u0000", "\u001f", "\t", "\u007f") },
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 140 }).map((length) => "x".repeat(length)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom("\u0001", '"', "\t"), fc.nat(140)).map(([byte, n]) => byte.repeat(n)),
  },
  { weight: 2, arbitrary: fc.constantFrom(" ERROR ", "level=warn", "{", '"level":"critical"', "12:00 INFO x\n") },
  { weight: 2, arbitrary: fc.constantFrom("é", "日本", "🙂", "\ufeff", "\u2028") },
);
const bytes = fc.oneof(
  { weight: 3, arbitrary: piece.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6, min: 0x80 }).map((b) => Buffer.from(b)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("e4b8", "f09f99", "eda080", "f4908080", "c080", "e08080", "f5808080")
      .map((hex) => Buffer.from(hex, "hex")),
  },
);
export const anyText = fc.array(bytes, { maxLength: 24 }).map((pieces) => Buffer.concat(pieces));
/** A record: it contains no line end. */
export const anyRecord = anyText.map((text) => text.filter((byte) => byte !== 10 && byte !== 13));

/** KERNEL_FUZZ=50 npm test runs 50 times as many rounds. */
export const ROUNDS = Number(process.env["KERNEL_FUZZ"] ?? 1);

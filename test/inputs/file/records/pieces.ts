// Reads a source in pieces, as the reader does: bytes that framing leaves come again with more behind them.
import assert from "node:assert/strict";
import { Arena } from "../../../../src/core/arena.ts";
import { MARK_LENGTH } from "../../../../src/core/source.ts";
import type { Framed, Framing } from "../../../../src/inputs/file/records/framing.ts";
import { passHole } from "../../../../src/inputs/file/records/holes.ts";
import { type TextCode, UTF8 } from "../../../../src/inputs/file/records/text-code.ts";

export const arena = new Arena(4 << 20);

export interface Reading {
  /** Sizes of the reads, repeated from the first. */
  readonly sizes: readonly number[];
  /** A read of this many bytes is long enough to find a record. */
  readonly reach: number;
  /** Limits the bytes of records framed from a piece of this size. */
  readonly room: (bytes: number) => number;
  readonly code?: TextCode;
}

/** @param each receives the framed part of each piece, valid until the next call, and the piece with its position */
export function inPieces(
  framing: Framing,
  source: Buffer,
  { sizes, reach, room, code = UTF8 }: Reading,
  each: (framed: Framed, piece: Buffer, position: number) => void,
): void {
  let [position, searched, line, turn] = [0, 0, "start", 0];
  while (position < source.length) {
    const size = Math.max(sizes[turn++ % sizes.length] ?? 1, Math.min(2 * (searched - position), reach));
    const piece = source.subarray(position, position + size);
    const region = arena.alloc(piece.length);
    assert.ok(region);
    const bytes = arena.view(region);
    piece.copy(bytes);
    const after = position + piece.length === source.length ? "end" : "more";
    const read = { region, bytes, offset: position, code, after, room: room(bytes.length), readAtMs: 0 } as const;
    const before = source.subarray(Math.max(0, position - MARK_LENGTH), position);
    const framed = line === "start" ? (passHole(read, before) ?? framing.frame(read)) : framing.pass(read);
    assert.ok(bytes.equals(piece), "the source's bytes changed");
    arena.release(region);
    assert.ok(framed.end > 0 || (after === "more" && size < reach), "no progress");
    searched = framed.rest === "partial" ? position + piece.length : position + framed.end;
    if (framed.end === 0) continue;
    each(framed, piece, position);
    position += framed.end;
    line = framed.rest === "oversized" ? "oversized" : "start";
  }
}

/** A clock that stands still, so that no pattern exceeds its time. */
export const TOOLS = { wall: () => 0, now: () => 0, late: () => undefined };

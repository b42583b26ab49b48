// Draws levels as characters: a bar with a mark where each rung is entered, and a sparkline of the last minutes.
import type { Glyphs } from "../terminal/glyphs.ts";

/** @returns exactly `width` characters; marks are visible in the filled part too */
export function bar(ratio: number, marks: readonly number[], width: number, { bar: full, side }: Glyphs): string {
  const filled = Math.round(Math.min(1, Math.max(0, ratio)) * width);
  const at = new Set(marks.map((mark) => columnOf(mark, width)));
  return Array.from({ length: width }, (_, i) => (at.has(i) ? side : i < filled ? full : ".")).join("");
}

export function columnOf(ratio: number, width: number): number {
  return Math.min(width - 1, Math.max(0, Math.round(ratio * width)));
}

const EIGHTHS = " ▁▂▃▄▅▆▇█";
const FEW = " .:-=+*#@";

/** A one-row graph with the newest value at the right; null is a gap. @param max top of the scale */
export function sparkline(values: readonly (number | null)[], max: number, width: number, glyphs: Glyphs): string {
  const levels = glyphs.bar === "#" ? FEW : EIGHTHS;
  const shown = values.slice(-width);
  const cells = shown.map((value) => {
    if (value === null || max <= 0) return " ";
    // Round up, so that any value above zero is visible.
    const level = Math.ceil(Math.min(1, value / max) * (levels.length - 1));
    return levels[level] as string;
  });
  return cells.join("").padStart(width);
}

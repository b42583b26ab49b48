// Parses and prints sizes, durations and ratios as the config has them: exact both ways (figures.ts rounds for people).
// Invariants: what was printed parses to the same number, and no unit is guessed; only 0 needs none.

/** Why a text does not parse. `why` continues "is ...", `help` is text to paste into the config. */
export interface Misread {
  readonly why: string;
  readonly help: string;
}

const SIZES: readonly (readonly [unit: string, bytes: number])[] = [
  ["TiB", 2 ** 40],
  ["TB", 1e12],
  ["GiB", 2 ** 30],
  ["GB", 1e9],
  ["MiB", 2 ** 20],
  ["MB", 1e6],
  ["KiB", 1024],
  ["kB", 1000],
  ["B", 1],
];
const DURATIONS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];
const SIZE_HELP = "a whole or decimal number and a unit: `64MiB`, `1GiB`, `500kB` (kB is 1000, KiB is 1024)";
const DURATION_HELP = "a number and a unit, also several: `500ms`, `30s`, `10m`, `1h30m`, `2d`";
const RATIO_HELP = "`70%` or `0.7`";

/** Bytes of `64MiB`, `1.5 GB`, `100B` or `0`. */
export function parseSize(text: string): number | Misread {
  if (text === "0") return 0;
  const match = /^(\d+(?:\.\d+)?) ?([a-zA-Z]*)$/.exec(text);
  if (!match) return { why: "not a size", help: SIZE_HELP };
  const [, digits = "", unit = ""] = match;
  if (unit === "") return { why: "a size without a unit", help: `\`${digits}MiB\`, \`${digits}kB\` or \`${digits}B\`` };
  const factor = SIZES.find(([name]) => name === unit)?.[1];
  if (factor === undefined) return { why: `in an unknown unit \`${unit}\``, help: nearUnit(digits, unit) };
  const bytes = Number(digits) * factor;
  if (!Number.isSafeInteger(Math.round(bytes))) return { why: "too large", help: SIZE_HELP };
  return Math.round(bytes);
}

/** Suggestions for an unknown unit: `mb` may be MB or MiB, `K` may be kB or KiB, so the message names both. */
function nearUnit(digits: string, unit: string): string {
  const near = SIZES.filter(([name]) => name.toLowerCase().startsWith(unit.toLowerCase().slice(0, 1))).map(
    ([name, bytes]) => `\`${digits}${name}\` (${Math.round(Number(digits) * bytes).toLocaleString("en-US")} bytes)`,
  );
  return near.length > 0 ? near.join(" or ") : SIZE_HELP;
}

/** Milliseconds of `30s`, `1h30m`, `250ms` or `0`. */
export function parseDuration(text: string): number | Misread {
  if (text === "0") return 0;
  if (/^\d+(\.\d+)?$/.test(text)) {
    return { why: "a duration without a unit", help: `\`${text}s\`, \`${text}ms\` or \`${text}m\`` };
  }
  let rest = text;
  let ms = 0;
  let last = Number.POSITIVE_INFINITY;
  while (rest !== "") {
    const match = /^(\d+(?:\.\d+)?)(ms|[dhms])/.exec(rest);
    const factor = DURATIONS.find(([name]) => name === match?.[2])?.[1];
    if (!match || factor === undefined || factor >= last) return { why: "not a duration", help: DURATION_HELP };
    ms += Number(match[1]) * factor;
    last = factor;
    rest = rest.slice(match[0].length);
  }
  if (text === "" || !Number.isSafeInteger(Math.round(ms))) return { why: "not a duration", help: DURATION_HELP };
  return Math.round(ms);
}

/** A ratio from 0 to 1, of `70%` or `0.7`. */
export function parseRatio(text: string): number | Misread {
  const match = /^(\d+(?:\.\d+)?)( ?%)?$/.exec(text);
  if (!match) return { why: "not a ratio", help: RATIO_HELP };
  const [, digits = "", percent] = match;
  // Shift the decimal point in the text: in floating point, 0.07 * 100 and 7 / 100 are not exact inverses.
  const ratio = percent === undefined ? Number(digits) : Number(`${digits}e-2`);
  if (ratio <= 1) return ratio;
  return percent === undefined
    ? { why: "above 1", help: `\`${digits}%\` or \`${Number(`${digits}e-2`)}\`` }
    : { why: "above 100%", help: RATIO_HELP };
}

/** The exact text for a config: `64MiB`, `100MB`, `1234B`. */
export function sizeText(bytes: number): string {
  if (bytes === 0) return "0";
  const [unit, factor] = SIZES.find(([, size]) => bytes % size === 0) ?? ["B", 1];
  return `${bytes / factor}${unit}`;
}

/** The exact text for a config: `90s`, `10m`, `0s`. */
export function durationText(ms: number): string {
  if (ms === 0) return "0s";
  const [unit, factor] = DURATIONS.find(([, span]) => ms % span === 0) ?? ["ms", 1];
  return `${ms / factor}${unit}`;
}

/** The exact text for a config: `70%`. */
export function ratioText(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(12))}%`;
}

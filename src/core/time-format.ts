// Parses times in text by a format like strptime's, compiled to one regular expression. Missing parts are filled in: without a
// year, the latest one that is not in the future; without a zone, the host's; without a time of day, midnight.
//
// Invariant: parsing takes bounded time, whatever the text. So the search covers only the beginning of a text, and every
// repetition in an expression has a limit: unlimited letters for `%a` once took 16 s in 64 KiB.

/** Returns milliseconds since 1970; NaN when the text has no such time. `now` is the wall clock. */
export type TimeReader = (text: string, now: number) => number;

const DAY_MS = 86_400_000;
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const MONTH_NAME = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,9}\\.?";
const WORD = "[a-z]{1,20}\\.?";
/** Characters at the start of a text that are searched for a time. */
const SEARCHED = 512;

/** The expression of each directive, with the group that captures it. */
const DIRECTIVES: Readonly<Record<string, string>> = {
  Y: "(?<Y>\\d{4})",
  y: "(?<y>\\d{2})",
  m: "(?<m>\\d{1,2})",
  d: "(?<d>\\d{1,2})",
  e: "\\s{0,9}(?<d>\\d{1,2})",
  b: `(?<b>${MONTH_NAME})`,
  B: `(?<b>${MONTH_NAME})`,
  h: `(?<b>${MONTH_NAME})`,
  a: WORD,
  A: WORD,
  H: "(?<H>\\d{1,2})",
  I: "(?<I>\\d{1,2})",
  p: "(?<p>[ap]\\.?m\\.?)",
  M: "(?<M>\\d{2})",
  S: "(?<S>\\d{2})",
  f: "(?<f>\\d{1,9})",
  L: "(?<f>\\d{3})",
  z: "(?<z>Z|[+-]\\d{2}:?\\d{2})",
  Z: "(?<Z>[a-z]{1,20}(?:/[a-z0-9_+-]{1,30}){0,2})",
  s: "(?<s>\\d{1,11})(?:\\.(?<f>\\d{1,9}))?",
  Q: "(?<Q>\\d{1,14})(?:\\.\\d{1,9})?",
  "%": "%",
};
const SHORT: Readonly<Record<string, string>> = { T: "%H:%M:%S", F: "%Y-%m-%d", R: "%H:%M", D: "%m/%d/%y" };

type Groups = Readonly<Record<string, string | undefined>>;

/** What is wrong with a format, as the end of a sentence; undefined when nothing is. */
export function faultOf(format: string): string | undefined {
  const long = expand(format);
  const unknown = [...long.matchAll(/%(.?)/gs)].find(([, letter]) => !Object.hasOwn(DIRECTIVES, letter ?? ""));
  if (unknown) return `has \`${unknown[0]}\`, which is no directive`;
  const has = (letters: RegExp): boolean => letters.test(long.replaceAll("%%", ""));
  if (!has(/%[sQ]/) && !(has(/%[de]/) && has(/%[mbBh]/))) return "names no day of a year";
  try {
    expression(format);
  } catch {
    return "names something twice";
  }
  return undefined;
}

/** beginning: the first match near the start of the text. whole: the whole text must match, apart from white space around it. */
export type Extent = "beginning" | "whole";

export function timeReader(format: string, extent: Extent = "beginning"): TimeReader {
  const searched = expression(format);
  const pattern = extent === "beginning" ? searched : new RegExp(`^\\s{0,9}${searched.source}\\s{0,9}$`, "i");
  return (text, now) => {
    if (extent === "whole" && text.length > SEARCHED) return NaN;
    const groups = pattern.exec(text.length > SEARCHED ? text.slice(0, SEARCHED) : text)?.groups;
    return groups === undefined ? NaN : timeOf(groups, now);
  };
}

function expand(format: string): string {
  return format.replace(/%([%TFRD])/g, (whole, letter: string) => SHORT[letter] ?? whole);
}

function expression(format: string): RegExp {
  const source = expand(format).replace(
    /%(.)|(\s+)|([^%\s])/gs,
    (_, letter?: string, space?: string, other?: string) => {
      if (letter !== undefined) return DIRECTIVES[letter] ?? "";
      return space === undefined ? RegExp.escape(other ?? "") : "\\s{1,9}";
    },
  );
  // A match must not begin in the middle of a longer number.
  return new RegExp(`(?<!\\d)${source}`, "i");
}

function timeOf(groups: Groups, now: number): number {
  const ms = Number((groups["f"] ?? "").slice(0, 3).padEnd(3, "0"));
  if (groups["Q"] !== undefined) return Number(groups["Q"]);
  if (groups["s"] !== undefined) return Number(groups["s"]) * 1000 + ms;
  const month =
    groups["b"] === undefined ? Number(groups["m"]) : MONTHS.indexOf(groups["b"].slice(0, 3).toLowerCase()) + 1;
  const [day, hour] = [Number(groups["d"]), hourOf(groups)];
  const [minute, second] = [Number(groups["M"] ?? 0), Number(groups["S"] ?? 0)];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return NaN;
  const at = (year: number): number => {
    const wall = Date.UTC(year, month - 1, day, hour, minute, second, ms);
    // Reject days that do not exist, such as 31 June.
    return new Date(wall).getUTCDate() === day || second === 60 ? wall - east(groups, wall) : NaN;
  };
  const year = yearOf(groups);
  if (year !== undefined) return at(year);
  const current = new Date(now).getUTCFullYear();
  // One day of tolerance: clocks differ, and on New Year's Eve another zone's year can differ from ours.
  const found = [current + 1, current, current - 1].map(at).find((time) => time <= now + DAY_MS);
  return found ?? NaN;
}

function yearOf({ Y, y }: Groups): number | undefined {
  if (Y !== undefined) return Number(Y);
  return y === undefined ? undefined : Number(y) + (Number(y) < 69 ? 2000 : 1900);
}

function hourOf({ H, I, p }: Groups): number {
  if (I === undefined) return Number(H ?? 0);
  const hour = Number(I) % 12;
  return p !== undefined && /^p/i.test(p) ? hour + 12 : hour;
}

/** The zone's offset in milliseconds east of Greenwich when its wall clock shows `wall`; NaN for an unknown zone. */
function east({ z, Z }: Groups, wall: number): number {
  if (z !== undefined) return numeric(z);
  if (Z === undefined) return offset(LOCAL, wall);
  if (/^(?:Z|UTC|GMT)$/i.test(Z)) return 0;
  return offset(zone(Z), wall);
}

function numeric(z: string): number {
  if (z.length === 1) return 0;
  const ms = (Number(z.slice(1, 3)) * 60 + Number(z.slice(-2))) * 60_000;
  return z.startsWith("-") ? -ms : ms;
}

/** A zone's offset in milliseconds at a time; undefined when there is no such zone. */
type Zone = ((at: number) => number) | undefined;

const LOCAL: Zone = (at) => -new Date(at).getTimezoneOffset() * 60_000;
const zones = new Map<string, Zone>();
/** Zone names come from logs, so there is no limit to wrong ones. */
const MOST_ZONES = 100;

function zone(name: string): Zone {
  if (zones.has(name)) return zones.get(name);
  if (zones.size >= MOST_ZONES) zones.clear();
  const found = zoneOf(name);
  zones.set(name, found);
  return found;
}

function zoneOf(name: string): Zone {
  try {
    const format = new Intl.DateTimeFormat("en", { timeZone: name, timeZoneName: "longOffset" });
    return (at) => {
      const text = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
      return text === "GMT" ? 0 : numeric(text.slice(3));
    };
  } catch {
    return undefined;
  }
}

function offset(of: Zone, wall: number): number {
  if (of === undefined || Number.isNaN(wall)) return NaN;
  // First guess: the offset if `wall` were UTC. Then the offset at the time that follows from this guess.
  return of(wall - of(wall));
}

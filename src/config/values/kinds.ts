// Value kinds for single keys: ids, patterns, encodings, time formats, rung marks, sampling ratios, hosts, addresses.
import type { AdminOptions, Level } from "../../core/options.ts";
import { LEVELS } from "../../core/options.ts";
import { faultOfPattern } from "../../core/pattern.ts";
import { faultOf } from "../../core/time-format.ts";
import { parseRatio } from "../../core/units.ts";
import { parseListen } from "./listen.ts";
import { nearestWord } from "../faults/suggest.ts";
import type { Misfit, Schema } from "./vocabulary.ts";
import { RATIO, special, text } from "./vocabulary.ts";

export function id(): Schema<string> {
  return text(
    (value) =>
      /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(value)
        ? undefined
        : {
            code: "bad-id",
            says: "is {value}, needs 1 to 64 of A-Z a-z 0-9 _ . - and a letter or digit first",
            help: "for example `nginx-access`",
          },
    { pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" },
  );
}

export function pattern(): Schema<RegExp> {
  return special<RegExp>({ title: "pattern", type: "string", format: "regex" }, (value) => {
    const bad = (why: string): Misfit => ({
      code: "bad-pattern",
      says: `is not a regular expression${why}`,
      help: "JavaScript's, without slashes around it: `^\\d{4}-`; single quotes keep its backslashes",
    });
    if (typeof value !== "string" || value === "") return bad("");
    const fault = faultOfPattern(value);
    if (fault === undefined) return new RegExp(value);
    if (fault.kind === "no pattern") return bad(`: ${fault.why}`);
    const says = `is {value}, which a line could make match without end: it has ${fault.why}`;
    return { code: "unbounded-pattern", says, help: fault.help };
  });
}

/** `rfc3339`, or a format that core/time-format.ts supports. */
export function timeFormat(): Schema<string> {
  return text((value) => {
    const says = value === "rfc3339" ? undefined : faultOf(value);
    const help = "for example `%d/%b/%Y:%H:%M:%S %z`, `%Y-%m-%d %H:%M:%S,%f`, or `rfc3339`";
    return says === undefined ? undefined : { code: "bad-time-format", says, help };
  });
}

/** Names of the encoding that the WHATWG calls `replacement`. */
const REPLACED = /^\s*(?:replacement|csiso2022kr|hz-gb-2312|iso-2022-(?:kr|cn|cn-ext))\s*$/i;

export function encoding(): Schema<string> {
  return text((value) => {
    try {
      new TextDecoder(value);
      return undefined;
    } catch {
      const known = [
        "utf-8",
        "utf-16le",
        "utf-16be",
        "latin1",
        "iso-8859-1",
        "windows-1252",
        "gbk",
        "gb18030",
        "shift_jis",
        "euc-jp",
        "euc-kr",
        "big5",
      ];
      if (REPLACED.test(value))
        return {
          code: "bad-encoding",
          says: "is {value}, which the WHATWG names only to refuse it: bytes mean other characters than they seem to",
          help: "convert such files first, for example by `iconv`",
        };
      const near = nearestWord(value, known);
      return {
        code: "bad-encoding",
        says: "is {value}, which no decoder knows",
        help: near ? `\`${near}\`` : "a WHATWG name: `utf-8`, `utf-16le`, `latin1`, `gbk`, `shift_jis` ...",
      };
    }
  });
}

/** A utilization at which a rung is entered or left: above 0, at most 1. */
export function utilization(): Schema<number> {
  return special<number>(RATIO, (value) => {
    const read = typeof value === "string" || typeof value === "number" ? parseRatio(String(value)) : undefined;
    const help = "`70%` or `0.7`";
    if (read === undefined) return { code: "bad-ratio", says: "is {value}, not a ratio", help };
    if (typeof read !== "number") return { code: "bad-ratio", says: `is {value}, ${read.why}`, help: read.help };
    return read > 0 ? read : { code: "out-of-range", says: "is {value}, needs to be above 0%", help };
  });
}

/** A record's weight is limited to 24 bits in the record table. */
const MOST_KEEP = 10_000_000;

/** A sampling ratio 1/n, read as n. */
export function keep(): Schema<number> {
  return special<number>({ type: ["string", "number"], examples: ["1/4", "25%"] }, (value) => {
    const n = one(value);
    if (Number.isInteger(n) && n >= 2 && n <= MOST_KEEP) return n;
    if (Number.isInteger(n) && n > MOST_KEEP)
      return { code: "out-of-range", says: "is {value}, needs at most one in 10 million", help: "`1/1000`" };
    const below = Math.max(2, Math.floor(n));
    const help = n >= 2 && n < 1e6 ? `\`1/${below}\` or \`1/${below + 1}\`` : "`1/4` or `25%`, `1/10` or `10%`";
    return { code: "bad-keep", says: "is {value}, which is not one in 2, 3, 4 ...", help };
  });
}

function one(value: unknown): number {
  const fraction = /^1\/(\d+)$/.exec(String(value));
  if (fraction) return Number(fraction[1]);
  const ratio = parseRatio(String(value));
  if (typeof ratio !== "number") return Number.NaN;
  const n = 1 / ratio;
  // Tolerate rounding errors only: 33% is not 1/3, and gets a hint to write `1/3`.
  return Math.abs(n - Math.round(n)) < 1e-9 ? Math.round(n) : n;
}

export function always(): Schema<Level> {
  return special<Level>(
    { type: "string", pattern: `^level >= (${LEVELS.join("|")})$`, examples: ["level >= warn"] },
    (value) => {
      const word = /^level ?>= ?([a-z]+)$/i.exec(String(value))?.[1]?.toLowerCase();
      const level = LEVELS.find((known) => known === word);
      if (level) return level;
      const near = word === undefined ? undefined : nearestWord(word, LEVELS);
      return {
        code: "bad-value",
        says: "is {value}, needs the form `level >= warn`",
        help: near ? `\`level >= ${near}\`` : `\`level >= \` and one of ${LEVELS.join(", ")}`,
      };
    },
  );
}

export function concurrency(): Schema<"auto" | number> {
  return special<"auto" | number>(
    { anyOf: [{ const: "auto" }, { type: "integer", minimum: 1, maximum: 256 }] },
    (value) => {
      if (value === "auto") return value;
      const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
      if (typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= 256) return number;
      return { code: "out-of-range", says: "is {value}, needs `auto` or a whole number from 1 to 256", help: "`auto`" };
    },
  );
}

export function host(): Schema<string> {
  return special<string>({ type: "string", format: "uri", examples: ["http://127.0.0.1:9200"] }, (value) => {
    const given = String(value);
    const url = URL.canParse(given) ? new URL(given) : undefined;
    // Without a scheme, `user:password@host` is a URL with the scheme `user:`.
    const web = url?.protocol === "http:" || url?.protocol === "https:";
    if (web ? url.username !== "" || url.password !== "" : given.includes("@")) {
      return {
        code: "credentials-in-url",
        says: "carries a user name or password",
        help: "remove them from the URL, and give `output.auth: { username: ..., password: ... }`",
      };
    }
    if (web && url.search === "" && url.hash === "") return given.replace(/\/+$/, "");
    // The part behind ? or # may be a secret.
    if (/[?#]/.test(given))
      return { code: "bad-host", says: "has a part behind ? or #, which no host has", help: hostHelp(given) };
    return { code: "bad-host", says: "is {value}, which is not an http or https URL", help: hostHelp(given) };
  });
}

/** Messages do not quote the value, because it may contain a password. */
export function proxy(): Schema<string> {
  return special<string>({ type: "string", format: "uri", examples: ["http://proxy:3128"] }, (value) => {
    const url = URL.parse(String(value));
    if (url?.protocol === "http:" || url?.protocol === "https:") return String(value);
    return { code: "bad-host", says: "is not an http or https URL", help: "for example `http://proxy:3128`" };
  });
}

function hostHelp(given: string): string {
  const bare = /^(?:[a-z]+:\/\/)?([A-Za-z0-9.-]+)(:\d+)?(?:\/|\?|$)/.exec(given);
  return bare ? `\`http://${bare[1]}${bare[2] ?? ":9200"}\`` : "for example `http://127.0.0.1:9200`";
}

export function listen(): Schema<AdminOptions["listen"]> {
  return special<AdminOptions["listen"]>(
    { type: "string", examples: ["127.0.0.1:9650", "unix:/run/spillway/admin.sock", "off"] },
    (value) => {
      const read = value === false ? "off" : parseListen(String(value));
      if (read !== undefined) return read;
      return {
        code: "bad-listen",
        says: "is {value}, needs `host:port`, `unix:/path` or `off`",
        help: "`127.0.0.1:9650`, `unix:/run/spillway/admin.sock` or `off`",
      };
    },
  );
}

// Generates input in each format that needs a record table, with the records expected from it: numbered, hardly compressible, and
// joined, filtered, redacted or decoded. To test a new format, add an entry to SHAPES.
import { randomBytes } from "node:crypto";
import type { Level } from "../../src/core/options.ts";
import type { Random } from "./random.ts";

/** A record as it must arrive, or as the filter must drop it. */
export interface Expected {
  /** Offset in what was written. */
  readonly at: number;
  readonly message: string;
  readonly level: Level;
  /** Expected @timestamp; undefined: the time of reading. */
  readonly time?: string;
  readonly fate: "kept" | "filtered";
}

export interface Written {
  readonly bytes: Buffer;
  readonly records: readonly Expected[];
}

export interface Shape {
  /** Settings of the input, besides id and paths. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Writes one or a few records, numbered from `n` on. */
  readonly write: (n: number, random: Random) => Written;
}

/** Every fiftieth record is an error. */
function levelOf(n: number): Level {
  return n % 50 === 0 ? "error" : "info";
}

function noise(random: Random): string {
  return randomBytes(20 + random.below(120)).toString("base64");
}

function sentence(n: number, random: Random): string {
  return `06:40:12 ${levelOf(n).toUpperCase()} record ${n} ${noise(random)}`;
}

function lines(of: readonly string[], records: readonly Expected[], encoding: BufferEncoding = "utf8"): Written {
  return { bytes: Buffer.from(of.map((line) => `${line}\n`).join(""), encoding), records };
}

const TIME = "2026-11-24T06:40:12.123Z";

/** For both container formats: some records whole, some split in parts with a record of the other stream in between. */
function inParts(part: (stream: string, text: string, state: "P" | "F") => string) {
  return (n: number, random: Random): Written => {
    const expected = { level: levelOf(n), time: TIME, fate: "kept" } as const;
    const message = sentence(n, random);
    if (random.chance(0.5)) return lines([part("stdout", message, "F")], [{ ...expected, at: 0, message }]);
    const cut = 25 + random.below(message.length - 25);
    const first = part("stdout", message.slice(0, cut), "P");
    const other = sentence(n + 1, random);
    return lines(
      [first, part("stderr", other, "F"), part("stdout", message.slice(cut), "F")],
      [
        { ...expected, at: 0, message },
        { ...expected, at: first.length + 1, message: other, level: levelOf(n + 1) },
      ],
    );
  };
}

export const SHAPES: Readonly<Record<string, Shape>> = {
  text: {
    input: {},
    write: (n, random) => {
      const message = sentence(n, random);
      const ends = random.pick(["", "", "\r", "\n", "\r\n\r"]);
      return lines([message + ends], [{ at: 0, message, level: levelOf(n), fate: "kept" }]);
    },
  },
  cri: {
    input: { format: "cri" },
    write: inParts((stream, text, state) => `${TIME} ${stream} ${state} ${text}`),
  },
  docker: {
    input: { format: "docker" },
    write: inParts((stream, text, state) =>
      JSON.stringify({ log: state === "F" ? `${text}\n` : text, stream, time: TIME }),
    ),
  },
  json: {
    input: { format: "json" },
    write: (n, random) => {
      const [message, level] = [sentence(n, random), levelOf(n)];
      const expected = { at: 0, message, level, fate: "kept" } as const;
      const stamp = `"@timestamp":"2026-11-24T07:40:12.123+01:00"`;
      const [ecs, pino, own, twice, broken] = [
        `{${stamp},"log.level":"${level.toUpperCase()}","message":"${message}","event.dataset":"own"}`,
        `{"level":${level === "error" ? 50 : 30},"host":"own","message":"${message}"}\r`,
        ` {"log":{"level":"${level}","logger":"x"},"host":{"ip":"::1"},"message":"${message}",${stamp}}`,
        `{"message":"old","severity":"${level}","message":"${message}"}`,
        `{"severity":"${level}","message":"${message}"`,
      ];
      const line = random.pick([ecs, pino, own, twice, broken]);
      if (line === broken) return lines([line], [{ ...expected, message: line }]);
      return lines([line], [line.includes(stamp) ? { ...expected, time: TIME } : expected]);
    },
  },
  multiline: {
    input: { multiline: { start: "^\\d\\d:", timeout: "60s" } },
    write: (n, random) => {
      const more = Array.from({ length: random.below(4) }, () => `\tat ${noise(random)}`);
      const message = [sentence(n, random), ...more].join("\n");
      return lines([message], [{ at: 0, message, level: levelOf(n), fate: "kept" }]);
    },
  },
  traces: {
    input: { format: "cri", multiline: { start: "^\\d\\d:", timeout: "60s" } },
    write: (n, random) => {
      const written: string[] = [];
      const records: Expected[] = [];
      const traces = ["stdout", "stderr"].map((stream, i) => {
        const more = Array.from({ length: random.below(4) }, () => `\tat ${noise(random)}`);
        return { stream, level: levelOf(n + i), left: [sentence(n + i, random), ...more], begun: false };
      });
      for (;;) {
        const open = traces.filter(({ left }) => left.length > 0);
        if (open.length === 0) return lines(written, records);
        const trace = random.pick(open);
        const { stream, level, left } = trace;
        const at = written.join("\n").length + Math.min(1, written.length);
        if (!trace.begun) records.push({ at, message: left.join("\n"), level, time: TIME, fate: "kept" });
        trace.begun = true;
        const line = left.shift() as string;
        const cut = random.below(line.length);
        written.push(`${TIME} ${stream} P ${line.slice(0, cut)}`, `${TIME} ${stream} F ${line.slice(cut)}`);
      }
    },
  },
  filters: {
    input: { exclude_lines: ["GET /health"], redact: ["\\b\\d{16}\\b"] },
    write: (n, random) => {
      const written = sentence(n, random) + (n % 10 === 3 ? " GET /health" : n % 10 === 4 ? " 4111111111111111" : "");
      const fate = n % 10 === 3 ? "filtered" : "kept";
      return lines([written], [{ at: 0, message: written.replace(/ \d{16}$/, " ***"), level: levelOf(n), fate }]);
    },
  },
  latin1: {
    input: { encoding: "latin1" },
    write: (n, random) => {
      const message = `${sentence(n, random)} gr\u00fc\u00dfe`;
      return lines([message], [{ at: 0, message, level: levelOf(n), fate: "kept" }], "latin1");
    },
  },
  "utf-16": {
    input: { encoding: "utf-16" },
    write: (n, random) => {
      const message = `${sentence(n, random)} \u65e5\u0a0a\u{1f642}`;
      return lines([message], [{ at: 0, message, level: levelOf(n), fate: "kept" }], "utf16le");
    },
  },
};

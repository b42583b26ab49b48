// Fills docs/policies.md with the real output of `simulate`, and draws docs/img/policy-*.svg. Run it after a change to the
// policy code; test/policy/simulate/page.test.ts fails while the page is stale.
import { readFileSync, writeFileSync } from "node:fs";
import { diskBudget } from "../src/buffer/budget/limits.ts";
import { count, duration } from "../src/core/figures.ts";
import type { Ladder, Rung } from "../src/core/options.ts";
import { steady } from "../src/policy/simulate/profile.ts";
import { renderSvg } from "../src/policy/simulate/render-svg.ts";
import { renderText } from "../src/policy/simulate/render-text.ts";
import type { Result, SimulateOptions } from "../src/policy/simulate/result.ts";
import { simulate } from "../src/policy/simulate/simulate.ts";
import { ledgerLines, lossShare } from "../src/policy/simulate/words.ts";

const MIB = 2 ** 20;
const PAGE = new URL("../docs/policies.md", import.meta.url);
const IMAGES = new URL("../docs/img/", import.meta.url);

/** The article's example: for an hour, twice the rate that the destination takes, on a host with a small buffer. */
const CASE: Omit<SimulateOptions, "policy" | "ladder"> = {
  // The part of `buffer.disk: 256MiB` that is available to rows.
  budget: diskBudget(256 * MIB).rows,
  memory: 40 * MIB,
  stored: 0.25,
  produce: steady(10_000),
  consume: steady(5000),
  forMs: 3_600_000,
  lineBytes: 200,
  always: 0.02,
  named: Infinity,
  held: 1024 * MIB,
  mode: "ladder",
};
const marks = (enter: number, leave: number) => ({ enter, leave, notify: undefined });
const LIMIT = { rate: 1_000_000, burst: 10_000_000 };
const SAMPLE: Rung = { action: "sample", ...marks(0.85, 0.7), keep: 4, always: "warn" };
const OLDEST: Rung = { action: "drop-oldest", ...marks(0.95, 0.85) };
const DEFAULT: Ladder = [
  { action: "block", ...marks(0.7, 0.6), until: { waited: undefined, atRisk: 256 * MIB } },
  SAMPLE,
  OLDEST,
];

interface Case {
  /** Name of the block in the page and of the picture. */
  readonly name: string;
  readonly options: SimulateOptions;
}

function single(name: string, rung: Rung): Case {
  return { name, options: { ...CASE, policy: name, ladder: [rung] } };
}

const CASES: readonly Case[] = [
  {
    name: "none",
    options: { ...CASE, policy: "none", ladder: [], budget: 1024 * MIB, memory: 1024 * MIB, mode: "unbounded" },
  },
  single("block", { action: "block", ...marks(0.8, 0.7), until: undefined }),
  single("rate-limit", { action: "rate-limit", ...marks(0.7, 0.6), ...LIMIT, excess: "wait" }),
  single("rate-limit-drop", { action: "rate-limit", ...marks(0.7, 0.6), ...LIMIT, excess: "drop" }),
  single("sample", SAMPLE),
  single("drop-oldest", OLDEST),
  single("drop-newest", { action: "drop-newest", ...marks(0.95, 0.85) }),
  single("drop-random", { action: "drop-random", ...marks(0.95, 0.85) }),
  // `notify` on the first rung triggers scaling: ten minutes later the destination takes three times the rate.
  {
    name: "scaling",
    options: {
      ...CASE,
      policy: "default",
      ladder: DEFAULT,
      consume: [
        { rate: 5000, forMs: 1_320_000 },
        { rate: 15_000, forMs: Infinity },
      ],
    },
  },
  // Rotation keeps half an hour of this log. Before that is over, the ladder has to shed.
  { name: "default", options: { ...CASE, policy: "default", ladder: DEFAULT, named: 512 * MIB } },
  {
    name: "overload",
    options: { ...CASE, policy: "default", ladder: DEFAULT, named: 512 * MIB, consume: steady(1000) },
  },
  // For docs/how-it-works.md: the destination is too slow for half an hour, and then fast.
  {
    name: "story",
    options: {
      ...CASE,
      policy: "default",
      ladder: DEFAULT,
      named: 512 * MIB,
      consume: [
        { rate: 1000, forMs: 1_800_000 },
        { rate: 30_000, forMs: Infinity },
      ],
    },
  },
  {
    name: "outage",
    options: {
      ...CASE,
      policy: "default",
      ladder: DEFAULT,
      produce: steady(3000),
      consume: [
        { rate: 5000, forMs: 600_000 },
        { rate: 0, forMs: 900_000 },
        { rate: 10_000, forMs: Infinity },
      ],
    },
  },
];

/** The content of every generated file, by URL. */
export function generate(): ReadonlyMap<URL, string> {
  const results = new Map(CASES.map(({ name, options }) => [name, simulate(options)]));
  const blocks = new Map([["table", table(results)]]);
  const files = new Map<URL, string>();
  for (const [name, result] of results) {
    const image = `![${name}](img/policy-${name}.svg)`;
    blocks.set(name, `${image}\n\n${code(ledgerLines(result).join("\n"))}`);
    blocks.set(`${name}-plot`, `${image}\n\n${code(renderText(result, 80).trimEnd())}`);
    files.set(new URL(`policy-${name}.svg`, IMAGES), renderSvg(result));
  }
  return files.set(PAGE, fill(readFileSync(PAGE, "utf8"), blocks));
}

function code(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

const BEGIN = /^<!-- simulate: ([a-z-]+) -->$/;
const END = "<!-- end -->";

function fill(page: string, blocks: ReadonlyMap<string, string>): string {
  const lines: string[] = [];
  let skipping = false;
  for (const line of page.split("\n")) {
    if (line === END) skipping = false;
    if (!skipping) lines.push(line);
    const name = BEGIN.exec(line)?.[1];
    if (name === undefined) continue;
    const block = blocks.get(name);
    if (block === undefined) throw new Error(`docs/policies.md asks for "${name}", which no case makes`);
    lines.push(block);
    skipping = true;
  }
  return lines.join("\n");
}

/** For each strategy: name, title in the article, and what it is best for. */
const ROWS: readonly (readonly [name: string, title: string, best: string])[] = [
  ["none", "none: a queue without bounds", "nothing: it works until it does not"],
  ["block", "block", "data that must not be lost and has a file to wait in: audit, billing"],
  ["rate-limit", "rate-limit, `excess: wait`", "a destination that many hosts share"],
  ["rate-limit-drop", "rate-limit, `excess: drop`", "inputs of strangers, where one must not crowd out the rest"],
  ["sample", "sample 1/4, warnings all kept", "access logs and metrics: counts stay right, errors stay whole"],
  ["drop-oldest", "drop-oldest", "live dashboards, alerts: now matters more than then"],
  ["drop-newest", "drop-newest", "the first minutes of an incident matter most"],
  ["drop-random", "drop-random", "unweighted overviews, where neither end may go missing"],
  ["scaling", "buffering and scaling (`notify`)", "destinations that can grow within minutes"],
  [
    "block",
    "demand, as in Reactive Streams",
    "stages of one process: so the agent works inside, with the effect of block",
  ],
  ["default", "the default ladder", "a host whose files rotate away: waits first, then thins, then drops"],
];

function table(results: ReadonlyMap<string, Result>): string {
  const head =
    "| strategy | delivered | lost | waiting, nothing lost | half arrive within | the oldest undelivered is | best for |";
  const rows = ROWS.map(([name, title, best]) => {
    const result = results.get(name) as Result;
    const { account, latency, series } = result;
    const oldestMs = series.at(-1)?.oldestMs ?? 0;
    const cells = [
      title,
      share(account.delivered / account.written),
      share(lossShare(result)),
      count(account.buffered + account.waiting),
      duration(latency.p50Ms),
      oldestMs === 0 ? "nothing left" : duration(oldestMs),
      best,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [head, "|---|---|---|---|---|---|---|", ...rows].join("\n");
}

function share(ratio: number): string {
  return ratio === 0 ? "0" : `${(ratio * 100).toFixed(1)} %`;
}

if (import.meta.main) for (const [file, content] of generate()) writeFileSync(file, content);

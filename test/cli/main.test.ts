// The command line's framework in this process: commands made for the test, and a terminal that records output.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call, Command } from "../../src/cli/program/command.ts";
import { errorText } from "../../src/cli/program/failure.ts";
import { commandHelp, overview } from "../../src/cli/program/help.ts";
import { main } from "../../src/cli/main.ts";
import { schema } from "../../src/cli/schema.ts";
import type { Terminal } from "../../src/cli/terminal/terminal.ts";
import { readCount, readDuration, readSize } from "../../src/cli/program/usage.ts";
import { EXIT, SpillwayError } from "../../src/core/errors.ts";

const calls: Call[] = [];
const run = async (call: Call): Promise<typeof EXIT.ok> => {
  calls.push(call);
  return EXIT.ok;
};
const base = { about: "Does a thing", examples: [], options: [], exits: {}, page: "x.md" } as const;
const COMMANDS: readonly Command[] = [
  {
    ...base,
    name: "run",
    group: "Run",
    options: [
      { flags: "-c, --config <path>", about: "file", otherwise: "/etc/x.yml", repeat: true },
      { flags: "--deadline <time>", about: "time", otherwise: "5m", read: readDuration },
      { flags: "--size <bytes>", about: "size", read: readSize },
      { flags: "--n <count>", about: "count", read: readCount },
      { flags: "--once", about: "once" },
    ],
    run,
  },
  {
    ...base,
    name: "dead-letters",
    group: "Recover",
    commands: [
      { ...base, name: "list", run },
      { ...base, name: "show", args: [{ name: "<id...>", about: "ids" }], run },
    ],
  },
  {
    ...base,
    name: "break",
    group: "Look",
    run: () =>
      Promise.reject(
        new SpillwayError("state-locked", "in use by process 7.", { exit: EXIT.temporary, hint: "stop it" }),
      ),
  },
  { ...base, name: "bug", group: "Look", run: () => Promise.reject(new TypeError("x is not a function")) },
];

async function say(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: "", err: "" };
  const terminal: Terminal = {
    out: (text) => void (lines.out += `${text}\n`),
    err: (text) => void (lines.err += `${text}\n`),
    paintOut: (_, text) => text,
    paintErr: (_, text) => text,
    isTty: false,
    columns: 80,
    json: argv.includes("--json"),
  };
  calls.length = 0;
  return { code: await main(argv, terminal, COMMANDS), ...lines };
}

test("options have defaults, repeat, and are read", async () => {
  assert.equal((await say("run")).code, 0);
  assert.deepEqual(calls[0]?.options, { color: true, config: ["/etc/x.yml"], deadline: 300_000 });
  await say("run", "-c", "a", "--config", "b", "--deadline", "90s", "--size", "1MiB", "--n", "7", "--once");
  assert.deepEqual(calls[0]?.options, {
    color: true,
    config: ["a", "b"],
    deadline: 90_000,
    size: 2 ** 20,
    n: 7,
    once: true,
  });
});

test("commands of commands, with arguments", async () => {
  await say("dead-letters", "show", "1", "2");
  assert.deepEqual(calls[0]?.args, [["1", "2"]]);
});

for (const [argv, sentence] of [
  ["run --onec", "unknown option --onec; did you mean --once? (spillway run --help)"],
  ["run --confg x", "unknown option --confg; did you mean --config? (spillway run --help)"],
  ["rum", "unknown command rum; did you mean run? (spillway --help)"],
  ["--json", "unknown option --json (spillway --help)"],
  ["dead-letters", "which of its commands is missing: list, show (spillway dead-letters --help)"],
  ["dead-letters lits", "unknown command lits; did you mean list? (spillway dead-letters --help)"],
  ["dead-letters show", "argument id is missing (spillway dead-letters show --help)"],
  ["run x y", "more arguments than it takes (spillway run --help)"],
  ["run -c", "option --config needs a value (spillway run --help)"],
  ["run --deadline 5", "--deadline is `5`, a duration without a unit (`5s`, `5ms` or `5m`)"],
  ["run --n x", "--n is `x`, needs a whole number"],
] as const) {
  test(`wrong usage is one sentence and exit 64: ${argv}`, async () => {
    const { code, out, err } = await say(...argv.split(" "));
    if (argv !== "--json") assert.equal(err, `spillway: ${sentence} [usage]\n`);
    else assert.equal((JSON.parse(out) as { error: { message: string } }).error.message, "unknown option --json");
    assert.equal(code, 64);
  });
}

test("a fault is one sentence with its remedy and code, and its exit code", async () => {
  assert.deepEqual(await say("break"), {
    code: 75,
    out: "",
    err: "spillway: in use by process 7; stop it [state-locked]\n",
  });
});

test("what nobody foresaw is a bug, exit 1", async () => {
  const { code, err } = await say("bug");
  assert.equal(code, 1);
  assert.match(err, /^spillway: BUG: x is not a function; please report it.* \[bug\]\n$/);
});

test("`spillway` alone: one sentence, first commands, groups in order", async () => {
  const { code, out } = await say();
  assert.equal(code, 0);
  assert.deepEqual(
    [...out.matchAll(/^(\w+):$/gm)].map((match) => match[1]),
    ["Run", "Look", "Recover"],
  );
});

test("--help of a command says everything, on stdout", async () => {
  const { code, out, err } = await say("run", "--help");
  assert.equal(code, 0);
  assert.equal(err, "");
  for (const part of [
    "Does a thing.",
    "Usage: spillway run [options]",
    "(default: 5m)",
    "--no-color",
    "64  wrong usage",
    "docs/x.md",
  ]) {
    assert.ok(out.includes(part), part);
  }
  assert.equal((await say("help", "run")).out, out);
  assert.equal((await say("help")).out, (await say()).out);
  assert.ok(
    (await say("dead-letters", "show", "-h")).out.includes("Usage: spillway dead-letters show [options] <id...>"),
  );
});

test("help keeps to the width of the terminal", () => {
  for (const width of [40, 80, 120]) {
    const texts = [overview([...COMMANDS, schema], width), commandHelp(schema, "schema", width)];
    const lines = texts
      .flatMap((text) => text.split("\n"))
      .filter((line) => line.startsWith("  ") && line.length > width);
    // A word longer than its column may exceed the width.
    assert.deepEqual(
      lines.filter((line) => line.trim().includes("  ")),
      [],
      String(width),
    );
  }
});

test("faults are painted, and mean the same without", () => {
  const fault = new SpillwayError("x", "could not", { hint: "try" });
  assert.equal(
    errorText(fault, { paintErr: (role, text) => `<${role}>${text}` }),
    "<error>spillway: could not; try [x]",
  );
});

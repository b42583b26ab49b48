// Completions in real shells.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { bashCompletion, fishCompletion, zshCompletion } from "../../scripts/lib/completions.ts";
import { manPage } from "../../scripts/lib/man-page.ts";
import { COMMANDS } from "../../src/cli/program/commands.ts";
import { Tmux, noTmux } from "../helpers/tmux.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-completions-"));
const at = (name: string): string => join(directory, name);

before(() => {
  writeFileSync(at("spillway.bash"), bashCompletion(COMMANDS));
  writeFileSync(at("_spillway"), zshCompletion(COMMANDS));
  writeFileSync(at("spillway.fish"), fishCompletion(COMMANDS));
  writeFileSync(at("spillway.1"), manPage(COMMANDS, { version: "1.2.3", date: "2026-01-01" }));
});
after(() => rmSync(directory, { recursive: true }));

function missing(program: string, name: string): string | false {
  const there = spawnSync(program, ["--version"]).status === 0;
  return !there && process.env["CI"] !== "true" && `${program} is not installed; apt-get install ${name}`;
}

/** The words that bash offers to complete the line. */
function bash(...line: readonly string[]): string[] {
  const words = line.map((word) => `'${word}'`).join(" ");
  const script = `source ${at("spillway.bash")}; COMP_WORDS=(spillway ${words}); COMP_CWORD=${line.length}; _spillway; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\n").slice(0, -1);
}

test("bash: commands, their commands, their options, and no words where a value stands", () => {
  assert.deepEqual(bash("ch"), ["check"]);
  assert.deepEqual(bash("losses", "l"), ["list"]);
  assert.deepEqual(bash("losses", "list", "--i"), ["--input"]);
  assert.deepEqual(bash("run", "--on"), ["--once"]);
  assert.deepEqual(bash("run", "--set", ""), [""]);
  assert.deepEqual(bash("explain", "state-lo"), ["state-locked"]);
  assert.deepEqual(bash("explain", "rung_en"), ["rung_entered"]);
  assert.equal(bash("").filter((word) => !word.startsWith("-")).length, COMMANDS.length);
});

test("fish: the same, each with what it does", { skip: missing("fish", "fish") }, () => {
  const fish = (line: string): string[] =>
    execFileSync("fish", ["--no-config", "-c", `source ${at("spillway.fish")}; complete -C ${JSON.stringify(line)}`], {
      encoding: "utf8",
      env: { ...process.env, HOME: directory },
    })
      .split("\n")
      .slice(0, -1);
  assert.deepEqual(fish("spillway ch"), [`check\t${COMMANDS.find(({ name }) => name === "check")?.about}`]);
  assert.deepEqual(
    fish("spillway dead-letters ").map((line) => line.split("\t")[0]),
    ["export", "list", "purge", "replay", "show"],
  );
  assert.match(fish("spillway run --on").join(), /^--once\t/);
  assert.deepEqual(fish("spillway run --once --in"), []);
  assert.deepEqual(fish("spillway explain state-lo"), ["state-locked"]);
});

test("zsh: the same, at a terminal", { skip: missing("zsh", "zsh") || noTmux }, async () => {
  using terminal = new Tmux("zsh -f", 100, 30);
  terminal.press(
    `PS1="> "; fpath=(${directory} $fpath); autoload -U compinit; compinit -u -d ${at("dump")}; clear`,
    "Enter",
  );
  await terminal.shows("a prompt", /^> *\n\s*$/);
  const completes = async (line: string, to: RegExp): Promise<void> => {
    terminal.press("C-u", line, "Tab");
    await terminal.shows(line, to);
    terminal.press("C-l");
  };
  await completes("spillway insp", /^> spillway inspect\s/m);
  await completes("spillway losses l", /^> spillway losses list\s/m);
  await completes("spillway run --on", /^> spillway run --once\s/m);
  await completes("spillway explain state-lo", /^> spillway explain state-locked\s/m);
  terminal.press("C-u", "spillway ", "Tab");
  await terminal.shows("all commands", (screen) => COMMANDS.every(({ name }) => screen.includes(`\n${name} `)));
});

test("the man page has no fault, and every command", { skip: missing("man", "man-db") }, () => {
  const { stdout, stderr, status } = spawnSync("man", ["--warnings", "-l", at("spillway.1")], {
    encoding: "utf8",
    env: { ...process.env, MANWIDTH: "100", LC_ALL: "C.UTF-8" },
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  for (const { name } of COMMANDS) assert.match(stdout, new RegExp(`^ +spillway ${name}\\b`, "m"), name);
  assert.match(stdout, /spillway 1\.2\.3/);
});

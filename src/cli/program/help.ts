// Generates the output of `spillway` without arguments and of `--help` from the command descriptions.
import { EXIT } from "../../core/errors.ts";
import type { ExitCode } from "../../core/errors.ts";
import type { Command, Option } from "./command.ts";
import { GROUPS } from "./command.ts";

const ABOUT = "Ships log files to Elasticsearch and keeps its head when the destination can't keep up.";
/** The commands that a new user needs, in this order; the overview starts with their examples. */
const FIRST = ["demo", "check", "run"];

type Described = Omit<Command, "group">;

export function overview(commands: readonly Command[], width: number): string {
  const first = FIRST.map((name) => commands.find((command) => command.name === name)).filter((c) => c !== undefined);
  const longest = Math.max(...commands.map((command) => command.name.length));
  const groups = GROUPS.flatMap((group) => {
    const members = commands.filter((command) => command.group === group);
    const rows = members.map(({ name, about }) => [name.padEnd(longest), about] as const);
    return rows.length === 0 ? [] : [`${group}:`, ...columns(rows, width), ""];
  });
  const start = first.map(({ examples: [example] }) => example).filter((example) => example !== undefined);
  return [
    ABOUT,
    "",
    ...columns(start, width),
    "",
    ...groups,
    "`spillway COMMAND --help` says more; documents are in docs/.",
  ].join("\n");
}

export function commandHelp(command: Described, path: string, width: number): string {
  const section = (title: string, rows: Rows): readonly string[] =>
    rows.length === 0 ? [] : ["", `${title}:`, ...columns(rows, width)];
  const args = (command.args ?? []).map((arg) => ` ${arg.name}`).join("");
  const options = [...command.options, NO_COLOR, HELP];
  const exits: readonly (readonly [string, string])[] = Object.entries({ ...COMMON_EXITS, ...command.exits });
  return [
    `${command.about}.`,
    "",
    "Examples:",
    ...columns(command.examples, width),
    "",
    `Usage: spillway ${path}${command.commands ? " COMMAND" : ""} [options]${args}`,
    ...section(
      "Commands",
      (command.commands ?? []).map(({ name, about }) => [name, about]),
    ),
    ...section(
      "Arguments",
      (command.args ?? []).map(({ name, about }) => [name, about]),
    ),
    ...section(
      "Options",
      options.map(({ flags, about, otherwise }) => [flags, about + fallback(otherwise)]),
    ),
    ...section("Exit codes", exits),
    "",
    `More: docs/${command.page}`,
  ].join("\n");
}

export const NO_COLOR: Option = {
  flags: "--no-color",
  about: "no colours; also if NO_COLOR is set, or the output is no terminal",
};
export const HELP: Option = { flags: "-h, --help", about: "this text" };
export const COMMON_EXITS: Readonly<Partial<Record<ExitCode, string>>> = {
  [EXIT.ok]: "done",
  [EXIT.usage]: "wrong usage of the command line",
};

function fallback(otherwise: string | undefined): string {
  return otherwise === undefined ? "" : ` (default: ${otherwise})`;
}

type Rows = readonly (readonly [left: string, right: string])[];

/** Formats two columns. The right one wraps; if the left text is too wide, the right text starts on the next line. */
function columns(rows: Rows, width: number): readonly string[] {
  const widest = Math.max(0, ...rows.map(([left]) => left.length));
  const left = Math.min(widest, Math.floor(width / 2));
  return rows.flatMap(([name, says]) => {
    const lines = wrap(says, width - left - 4);
    const below = lines.map((line) => `${" ".repeat(left + 4)}${line}`);
    if (name.length > left) return [`  ${name}`, ...below];
    return [`  ${name.padEnd(left)}  ${lines[0] ?? ""}`, ...below.slice(1)];
  });
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

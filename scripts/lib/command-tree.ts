// Flattens the command tree to a list, from which the completions and the man page are generated.
import type { Command, Option } from "../../src/cli/program/command.ts";
import { HELP, NO_COLOR } from "../../src/cli/program/help.ts";

export interface Entry {
  /** For example "losses list"; empty for spillway itself. */
  readonly path: string;
  readonly about: string;
  readonly options: readonly Option[];
  /** Its subcommands with their descriptions. */
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly command: Omit<Command, "group"> | undefined;
}

export interface Flags {
  readonly short: string | undefined;
  readonly long: string;
  /** Name of the option's value, such as "path" or "id"; undefined if the option takes no value. */
  readonly value: string | undefined;
}

/** Value names that stand for files. */
export const FILES: readonly string[] = ["path", "file", "dir"];

const VERSION: Option = { flags: "-V, --version", about: "prints the version" };

export function entries(commands: readonly Command[]): readonly Entry[] {
  const root = { path: "", about: "", options: [VERSION, HELP], commands, command: undefined };
  return [root, ...commands.flatMap((command) => entriesBelow(command, ""))];
}

function entriesBelow(command: Omit<Command, "group">, above: string): readonly Entry[] {
  const path = `${above} ${command.name}`.trim();
  const below = command.commands ?? [];
  const own = { path, about: command.about, options: [...command.options, NO_COLOR, HELP], commands: below, command };
  return [own, ...below.flatMap((one) => entriesBelow(one, path))];
}

export function flagsOf({ flags }: Option): Flags {
  const [, short, long = "", value] = /^(?:(-\w), )?(--[a-z-]+)(?: <(.+)>)?$/.exec(flags) ?? [];
  return { short, long, value };
}

/** Possible values of the command's first argument. */
export function choices({ command }: Entry): readonly string[] {
  return command?.args?.[0]?.choices?.() ?? [];
}

export function words(entry: Entry): readonly string[] {
  const { options, commands } = entry;
  const flags = options.map(flagsOf).flatMap(({ short, long }) => (short === undefined ? [long] : [short, long]));
  return [...commands.map(({ name }) => name), ...choices(entry), ...flags];
}

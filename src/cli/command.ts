// What a command of the command line is, as data: the parser, `--help` and the reference are made from it. A command's file
// imports nothing heavy: what it needs comes by `import()` when it runs, so that `check` never loads an output or SQLite.
import type { ExitCode } from "../core/errors.ts";
import type { Terminal } from "./terminal.ts";

export const GROUPS = ["Run", "Look", "Recover", "Learn"] as const;
export type Group = (typeof GROUPS)[number];

export interface Option {
  /** `-c, --config <path>`, `--json`, `--once`. */
  readonly flags: string;
  /** One sentence without a full stop. */
  readonly about: string;
  /** Used and shown when it is not given; as the user would write it. */
  readonly otherwise?: string;
  /** May be given several times: the value is a list. */
  readonly repeat?: true;
  /** Reads the text, or throws `usageFault`. */
  readonly read?: (text: string, flags: string) => unknown;
}

export interface Argument {
  /** `<id>`, `[id]`, `<id...>`. */
  readonly name: string;
  readonly about: string;
}

export interface Call {
  /** By the long name of the option in camel case. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: readonly (string | readonly string[] | undefined)[];
  readonly terminal: Terminal;
}

export interface Command {
  readonly name: string;
  readonly group: Group;
  /** One sentence without a full stop. */
  readonly about: string;
  /** The first is the plainest. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly args?: readonly Argument[];
  readonly options: readonly Option[];
  /** Exit codes besides 0 and 64, with when they come. */
  readonly exits: Readonly<Partial<Record<ExitCode, string>>>;
  /** Page below docs/. */
  readonly page: string;
  readonly commands?: readonly Omit<Command, "group">[];
  /** Resolves to the exit code; throws a SpillwayError for what a person should read. Absent where there are `commands`. */
  readonly run?: (call: Call) => Promise<ExitCode>;
}

/** Options that several commands take. */
export const CONFIG_OPTIONS: readonly Option[] = [
  {
    flags: "-c, --config <path>",
    about: "configuration file, or a directory of them; several are merged in order",
    otherwise: "/etc/spillway/spillway.yml",
    repeat: true,
  },
  { flags: "--set <key=value>", about: "overrides one key, for example --set buffer.memory=32MiB", repeat: true },
];
export const JSON_OPTION: Option = { flags: "--json", about: "prints one JSON document" };

/** The config that `-c` and `--set` of a call name. Throws a ConfigError with every fault. */
export async function configOf(call: Call): Promise<import("../config/load.ts").Loaded> {
  const { loadConfig } = await import("../config/load.ts");
  const files = call.options["config"] as readonly string[];
  const set = (call.options["set"] ?? []) as readonly string[];
  return loadConfig({ files, set, env: process.env });
}

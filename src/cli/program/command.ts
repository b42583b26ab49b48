// Describes a subcommand as data. The parser, `--help` and the reference are generated from it. A command's file imports
// nothing heavy at the top: it loads modules with `import()` when it runs, so that `check` never loads an output or SQLite.
import type { ExitCode } from "../../core/errors.ts";
import type { Terminal } from "../terminal/terminal.ts";

export const GROUPS = ["Run", "Look", "Recover", "Learn"] as const;
export type Group = (typeof GROUPS)[number];

export interface Option {
  /** For example `-c, --config <path>` or `--json`. */
  readonly flags: string;
  /** One sentence without a full stop. */
  readonly about: string;
  /** Default value, written as the user would write it. */
  readonly otherwise?: string;
  /** The option may be repeated; its value is then a list. */
  readonly repeat?: true;
  /** Parses the value, or throws `usageFault`. */
  readonly read?: (text: string, flags: string) => unknown;
}

export interface Argument {
  /** For example `<id>`, `[id]` or `<id...>`. */
  readonly name: string;
  readonly about: string;
  /** The possible values, for completions. */
  readonly choices?: () => readonly string[];
}

export interface Call {
  /** Keyed by the option's long name in camel case. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: readonly (string | readonly string[] | undefined)[];
  readonly terminal: Terminal;
}

export interface Command {
  readonly name: string;
  readonly group: Group;
  /** One sentence without a full stop. */
  readonly about: string;
  /** The simplest example first. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly args?: readonly Argument[];
  readonly options: readonly Option[];
  /** Exit codes besides 0 and 64, and when each occurs. */
  readonly exits: Readonly<Partial<Record<ExitCode, string>>>;
  /** Path of the command's page, relative to docs/. */
  readonly page: string;
  readonly commands?: readonly Omit<Command, "group">[];
  /** Resolves to the exit code; throws a SpillwayError with a message for the user. Absent if there are `commands`. */
  readonly run?: (call: Call) => Promise<ExitCode>;
}

/** Options shared by several commands. */
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

/**
 * Loads the configuration named by `-c` and `--set`. Throws a ConfigError that lists every fault.
 * @param needs "no server": the caller contacts none, so credentials of systemd may be out of its sight. "state": the caller uses
 * only the path of the state directory, so no secret is needed
 */
export async function configOf(
  call: Call,
  needs: "everything" | "no server" | "state" = "everything",
): Promise<import("../../config/load.ts").Loaded> {
  const [{ loadConfig }, { memoryLimit, readText }] = await Promise.all([
    import("../../config/load.ts"),
    import("../../ops/cgroup.ts"),
  ]);
  const files = call.options["config"] as readonly string[];
  const set = (call.options["set"] ?? []) as readonly string[];
  const limit = memoryLimit(readText);
  const spared = { onlyState: needs === "state", noCredentials: needs === "no server" };
  return loadConfig({ files, set, env: process.env, memoryLimit: limit, ...spared });
}

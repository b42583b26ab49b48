// The state directory that a command reads: named by --path, or by the configuration. SQLite is loaded when it is opened.
import { statSync } from "node:fs";
import type { Database } from "../buffer/database.ts";
import { EXIT, SpillwayError } from "../core/errors.ts";
import type { Call, Option } from "./command.ts";
import { configOf, CONFIG_OPTIONS } from "./command.ts";

export const STATE_OPTIONS: readonly Option[] = [
  ...CONFIG_OPTIONS,
  { flags: "--path <dir>", about: "state directory; no configuration is then read" },
];

export interface State {
  readonly directory: string;
  /** How the next command names it again. */
  readonly words: string;
  /** Undefined: nothing was ever stored there. */
  readonly db: Database | undefined;
}

/** Opens the state directory for reading while `use` runs. */
export async function withState<T>(call: Call, use: (state: State) => T | Promise<T>): Promise<T> {
  const { directory, words } = await named(call);
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) throw missing(directory);
  const { corrupt, isCorruption, openForReading } = await import("../buffer/database.ts");
  const db = openForReading(directory);
  try {
    return await use({ directory, words, db });
  } catch (error) {
    throw isCorruption(error) ? corrupt(directory, error) : error;
  } finally {
    db?.close();
  }
}

async function named(call: Call): Promise<Pick<State, "directory" | "words">> {
  const path = call.options["path"] as string | undefined;
  if (path !== undefined) return { directory: path, words: ` --path ${path}` };
  const { config } = await configOf(call);
  const files = call.options["config"] as readonly string[];
  return { directory: config.buffer.path, words: files.map((file) => ` -c ${file}`).join("") };
}

function missing(directory: string): SpillwayError {
  return new SpillwayError("state-missing", `there is no state directory ${directory}`, {
    hint: "an agent makes it when it first runs; name another with `--path`",
    exit: EXIT.config,
  });
}

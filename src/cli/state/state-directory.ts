// Opens the state directory for a command, from --path or from the configuration. SQLite is loaded only when it is opened.
import { statSync } from "node:fs";
import { stateFolder } from "../../buffer/directory/private.ts";
import type { Database } from "../../buffer/spool/sqlite.ts";
import { EXIT, SpillwayError } from "../../core/errors.ts";
import type { Call, Option } from "../program/command.ts";
import { configOf, CONFIG_OPTIONS } from "../program/command.ts";

export const STATE_OPTIONS: readonly Option[] = [
  ...CONFIG_OPTIONS,
  { flags: "--path <dir>", about: "state directory, instead of a configuration" },
];

export interface State {
  readonly directory: string;
  /** The options that name the same directory, for suggesting the next command. */
  readonly words: string;
  /** Undefined if nothing was ever stored in the directory. */
  readonly db: Database | undefined;
}

/** Opens the state directory read-only, runs `use`, and closes it. */
export async function withState<T>(call: Call, use: (state: State) => T | Promise<T>): Promise<T> {
  const { directory, words } = await stateDirectory(call);
  const [{ openForReading }, { corrupt, isCorruption }] = await Promise.all([
    import("../../buffer/spool/database.ts"),
    import("../../buffer/spool/faults.ts"),
  ]);
  const db = openForReading(directory);
  try {
    return await use({ directory, words, db });
  } catch (error) {
    throw isCorruption(error) ? corrupt(directory, error) : error;
  } finally {
    db?.close();
  }
}

/** The directory that the call names. Throws a SpillwayError if it does not exist. */
export async function stateDirectory(call: Call): Promise<Pick<State, "directory" | "words">> {
  const found = await named(call);
  if (statSync(found.directory, { throwIfNoEntry: false }) === undefined) throw missing(found.directory);
  return found;
}

async function named(call: Call): Promise<Pick<State, "directory" | "words">> {
  const path = call.options["path"] as string | undefined;
  if (path !== undefined) return { directory: stateFolder(path), words: ` --path ${path}` };
  const { config } = await configOf(call, "state");
  const files = call.options["config"] as readonly string[];
  return { directory: stateFolder(config.buffer.path), words: files.map((file) => ` -c ${file}`).join("") };
}

function missing(directory: string): SpillwayError {
  return new SpillwayError("state-missing", `there is no state directory ${directory}`, {
    hint: "an agent makes it when it first runs; name another with `--path`",
    exit: EXIT.config,
  });
}

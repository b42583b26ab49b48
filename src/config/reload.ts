// Loads the configuration that replaces the one of a running process. Invariant: before anything changes, the configuration is
// checked as a whole and as it will be in force, which means with the old values of the options that only a restart changes.
import type { Config } from "../core/options.ts";
import { describe, EXIT, SpillwayError } from "../core/errors.ts";
import { sizeText } from "../core/units.ts";
import { changes } from "./changes.ts";
import { type Loaded, type LoadOptions, loadConfig } from "./load.ts";

export interface Reloaded extends Pick<Loaded, "config" | "warnings" | "secrets" | "secretFiles" | "memoryLimit"> {
  /** Options whose values differ from those in force. */
  readonly changed: readonly string[];
  /** Options whose new values take effect only after a restart. */
  readonly atRestart: readonly string[];
}

/** The size of the arena is fixed at the start, and the backlog stays in its directory. */
const AT_RESTART: ReadonlySet<string> = new Set(["buffer.memory", "buffer.path"]);

/** Throws a SpillwayError when the new configuration has faults. */
export function reloadConfig(options: LoadOptions, inForce: Config): Reloaded {
  const wanted = loadConfig(options);
  const atRestart = changes(inForce, wanted.config).filter((option) => AT_RESTART.has(option));
  const { config, warnings, secrets, secretFiles, memoryLimit } =
    atRestart.length === 0 ? wanted : kept(options, inForce, atRestart);
  return { config, warnings, secrets, secretFiles, memoryLimit, changed: changes(inForce, config), atRestart };
}

/** Loads the files again with the values in force, because batches, records and the disk budget have to fit those values. */
function kept(options: LoadOptions, { buffer }: Config, atRestart: readonly string[]): Loaded {
  const values = [`buffer.memory=${sizeText(buffer.memory)}`, `buffer.path=${JSON.stringify(buffer.path)}`];
  try {
    return loadConfig({ ...options, set: [...(options.set ?? []), ...values] });
  } catch (error) {
    const which = `${atRestart.join(" and ")} ${atRestart.length === 1 ? "changes" : "change"}`;
    throw new SpillwayError("needs-restart", `${which} at a restart only, and until then: ${describe(error)}`, {
      exit: EXIT.config,
      hint: "restart spillway",
    });
  }
}

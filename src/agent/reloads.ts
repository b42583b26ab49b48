// A reload by SIGHUP: what has to happen before the agent is replaced, and the result for the log and the metrics.
import type { Fault } from "../config/faults/fault.ts";
import type { Reloaded } from "../config/reload.ts";
import { placeText } from "../config/yaml/place.ts";
import type { Clock } from "../core/clock.ts";
import { EXIT, SpillwayError, describeWithHint } from "../core/errors.ts";
import { duration } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import type { Config } from "../core/options.ts";
import type { ConfigFacts } from "../ops/process-facts.ts";
import type { Agent } from "./agent.ts";

export interface ReloadsParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Reads the configuration that is to replace `inForce`. Throws a SpillwayError if it has faults. */
  readonly read: (inForce: Config) => Reloaded;
}

/** The most options that one log line names. */
const NAMED = 8;
/** A reload that waits longer for requests says so. */
const SAY_AFTER_MS = 1000;

/** Whether these changes require a new agent. */
export function concernsAgent(changed: readonly string[]): boolean {
  return changed.some((option) => !/^(admin|log)\./.test(option));
}

export class Reloads {
  private readonly parts: ReloadsParts;
  private loadedAtMs: number;
  private readonly counts = { succeeded: 0, failed: 0 };
  private lastFailure: string | undefined;
  private atRestart: readonly string[] = [];
  private reloading = false;

  constructor(parts: ReloadsParts) {
    this.parts = parts;
    this.loadedAtMs = parts.clock.wall();
  }

  /** Undefined if the configuration is wrong, which is logged. */
  read(inForce: Config): Reloaded | undefined {
    try {
      const reloaded = this.parts.read(inForce);
      this.reloading = true;
      return reloaded;
    } catch (error) {
      this.parts.log.error(
        "reload_refused",
        `the new configuration is wrong, nothing was changed: ${this.failed(error)}`,
      );
      return undefined;
    }
  }

  succeeded({ changed, atRestart, warnings }: Reloaded): void {
    const { log, clock } = this.parts;
    this.counts.succeeded++;
    this.reloading = false;
    this.loadedAtMs = clock.wall();
    this.lastFailure = undefined;
    this.atRestart = atRestart;
    const what = changed.length === 0 ? "nothing in it has changed" : `changed: ${names(changed)}`;
    log.info("reloaded", `the new configuration is in force; ${what}`, { changed });
    sayWarnings(log, warnings);
    if (atRestart.length === 0) return;
    const stays = atRestart.length === 1 ? "stays as it is" : "stay as they are";
    log.warn("restart_needed", `${names(atRestart)} ${stays} until spillway is restarted`, { options: atRestart });
  }

  /** The new configuration did not start, and the old one is in force again. */
  refused(error: unknown): void {
    const sentence = "the new configuration did not start, the old one is in force";
    this.parts.log.error("reload_failed", `${sentence}: ${this.failed(error)}`);
  }

  /** A run with an end keeps its configuration. */
  ignored(): void {
    this.parts.log.info("reload_ignored", "this run ends by itself; it keeps the configuration with which it began");
  }

  private failed(error: unknown): string {
    this.counts.failed++;
    this.reloading = false;
    this.lastFailure = describeWithHint(error);
    return this.lastFailure;
  }

  facts(): ConfigFacts {
    const { reloading, loadedAtMs, counts, lastFailure, atRestart } = this;
    return { reloading, loadedAtMs, reloads: { ...counts }, lastFailure, atRestart };
  }
}

/** A start prints the same warnings to the terminal. Equal ones, for example of many inputs, share a line. */
function sayWarnings(log: Log, warnings: readonly Fault[]): void {
  for (const group of Map.groupBy(warnings, ({ code, message }) => `${code} ${message}`).values()) {
    const [{ code, message, help, at }] = group as [Fault, ...Fault[]];
    const more = group.length > 1 ? `, and at ${group.length - 1} more` : "";
    log.warn("config_warning", `${placeText(at)}${more}: ${message} [${code}]; help: ${help}`, {
      code,
      places: group.length,
    });
  }
}

export interface EndingParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The configuration in force. */
  readonly config: Config;
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal;
}

/**
 * Before an agent is replaced: waits until its requests have ended, while it reads on. Throws a SpillwayError if what is in memory
 * could not be handed over. @returns false if the process is to stop; the agent is as before then
 */
export async function endRequests(agent: Agent, { clock, log, config, stop }: EndingParts): Promise<boolean> {
  if (!(await agent.canHandOver()) && !stop.aborted) throw cannotHandOver(config.buffer.path);
  const most = duration(config.output.timeout);
  const sentence = `the new configuration waits until the requests under way have ended (output.timeout: ${most}); reading goes on`;
  const waits = clock.after(SAY_AFTER_MS, () => log.info("reloading", sentence));
  await agent.engine.delivery.finish(config.shutdown.grace, stop);
  waits.cancel();
  const ready = !stop.aborted && (await agent.canHandOver());
  if (ready) return true;
  agent.engine.resume();
  if (stop.aborted) return false;
  throw cannotHandOver(config.buffer.path);
}

/** Records that are only in memory would be lost to the successor if their files are gone. */
function cannotHandOver(directory: string): SpillwayError {
  const sentence = `the state directory ${directory} cannot be written now, so what is in memory cannot be handed over`;
  return new SpillwayError("state-unwritable", sentence, {
    hint: "send SIGHUP again when the log says disk_up",
    exit: EXIT.temporary,
  });
}

function names(options: readonly string[]): string {
  const more = options.length - NAMED;
  return `${options.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

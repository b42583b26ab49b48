// Explains in words what a configuration does: one line per rung of each ladder, with the bytes at which the rung is entered.
import { diskBudget, quotas } from "../buffer/budget/limits.ts";
import { budget, duration, flow, percent } from "../core/figures.ts";
import type { BlockRung, Config, Rung } from "../core/options.ts";
import { targetText } from "./values/notify.ts";
import { laddersInUse, shareBytes, shareRatios } from "../policy/shares.ts";

export interface ExplainedRung {
  readonly action: Rung["action"];
  readonly enter: number;
  readonly leave: number;
  /** Bytes of the ladder's share at which the rung is entered. */
  readonly bytes: number;
  readonly does: string;
}
export interface ExplainedLadder {
  readonly policy: string;
  readonly inputs: readonly string[];
  /** The ladder's share of the budget in bytes. */
  readonly share: number;
  readonly rungs: readonly ExplainedRung[];
}

/** The budget that limits the buffer in normal operation, computed as the buffer does: disk, or memory if there is no disk. */
export function bindingBudget(config: Config): number {
  const { memory, disk } = config.buffer;
  if (disk > 0) return diskBudget(disk).rows;
  const { pool, page } = quotas(
    memory,
    config.output.batch.bytes,
    Math.max(...config.inputs.map((one) => one.maxRecord)),
  );
  return pool - page;
}

/** Explains the ladders that inputs use. */
export function explain(config: Config): readonly ExplainedLadder[] {
  const inUse = laddersInUse(config.inputs);
  const bytes = shareBytes(shareRatios(config.buffer.shares, inUse), bindingBudget(config));
  return inUse.map((policy) => {
    const share = bytes.get(policy) ?? 0;
    return {
      policy,
      inputs: config.inputs.filter((input) => input.policy === policy).map((input) => input.id),
      share,
      rungs: (config.policies[policy] ?? []).map((rung) => ({
        action: rung.action,
        enter: rung.enter,
        leave: rung.leave,
        bytes: Math.round(rung.enter * share),
        does: `${does(rung)}${tells(rung)}`,
      })),
    };
  });
}

/** For example `70 %, 537 MiB: reading waits until below 60 %; opens when ...`. */
export function explainLines(ladder: ExplainedLadder, config: Config): readonly string[] {
  const of = config.buffer.disk > 0 ? "disk" : "memory";
  const head = `${ladder.policy} (${ladder.inputs.join(", ")}): ${budget(ladder.share)} of ${of}`;
  const width = Math.max(0, ...ladder.rungs.map((rung) => mark(rung).length));
  const first = ladder.rungs[0];
  const below = first
    ? `below ${percent(first.enter)}: everything is accepted`
    : "everything is accepted; when it is full, reading waits";
  return [head, `  ${below}`, ...ladder.rungs.map((rung) => `  ${mark(rung).padStart(width)}: ${rung.does}`)];
}

function mark(rung: ExplainedRung): string {
  return `${percent(rung.enter)}, ${budget(rung.bytes)}`;
}

function does(rung: Rung): string {
  const until = `until below ${percent(rung.leave)}`;
  switch (rung.action) {
    case "block":
      return `reading waits ${until}; ${opens(rung)}`;
    case "rate-limit": {
      const excess = rung.excess === "wait" ? "the rest waits" : "the rest is dropped";
      return `at most ${flow(rung.rate)}/s are taken, ${flow(rung.burst)} at once, ${excess}, ${until}`;
    }
    case "sample": {
      const always = rung.always === undefined ? "" : `, ${rung.always} and above all kept`;
      return `1 record in ${rung.keep} is kept${always}, ${until}`;
    }
    case "drop-oldest":
      return `the oldest of the buffer is dropped for what is new, ${until}`;
    case "drop-random":
      return `what is dropped from the buffer for what is new is chosen at random, ${until}`;
    case "drop-newest":
      return `what is new is dropped, ${until}`;
  }
}

function tells({ notify }: Rung): string {
  if (notify === undefined) return "";
  const how = "url" in notify ? "POST to" : "runs";
  return `; after 60 s in force, and when it is left: ${how} ${targetText(notify)}`;
}

function opens(rung: BlockRung): string {
  if (rung.until === undefined) return "nothing is ever shed";
  const { waited, atRisk } = rung.until;
  const ways = [
    ...(waited === undefined ? [] : [`after ${duration(waited)} for everything`]),
    ...(atRisk === undefined ? [] : [`when files at risk pass ${budget(atRisk)}`]),
  ];
  return ways.length === 0 ? "nothing is ever shed" : `opens ${ways.join(", or ")}`;
}

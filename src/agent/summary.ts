// Log sentences that account for all records of an agent.
import type { Count } from "../core/fate.ts";
import { count, duration, flow } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import { type Facts, RETIRED } from "../ops/facts.ts";
import { buildStatus } from "../ops/status.ts";

/** One sentence that says where every record is. */
export function summary(facts: Facts): string {
  const { ledger } = buildStatus(facts);
  const dropped = Object.values(ledger.dropped).reduce((sum, c) => sum + c.records, 0);
  const parts = [
    `read ${count(ledger.read.records)}`,
    `delivered ${count(ledger.delivered.records)}`,
    `duplicates ${count(ledger.duplicates.records)}`,
    `sampled ${count(ledger.sampled.records)}`,
    `dropped ${count(dropped)}`,
    `dead-lettered ${count(ledger.dead_lettered.records)}`,
    `buffered ${count(ledger.buffered.records)}`,
  ];
  return `${parts.join(", ")}; balance ${ledger.balance.records} records, ${ledger.balance.bytes} bytes`;
}

/** The total that all inputs have in the buffer. */
export function buffered(facts: Facts): Count {
  const sum = { records: 0, bytes: 0 };
  for (const { ledger } of facts.inputs.values()) {
    sum.records += ledger.buffered.records;
    sum.bytes += ledger.buffered.bytes;
  }
  return sum;
}

/** "1 input", "2 inputs". */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/**
 * Logs why a run with an end exits with 75.
 * @param deadline milliseconds without progress after which it gave up; undefined: it was told to stop
 */
export function sayUndelivered(log: Log, facts: Facts, deadline: number | undefined): void {
  const { records, bytes } = buffered(facts);
  const unread = [...facts.inputs.values()].reduce((sum, { lagBytes }) => sum + lagBytes, 0);
  const left = [
    ...(records > 0 ? [`${count(records)} records (${flow(bytes)}) are not delivered and stay in the buffer`] : []),
    ...(unread > 0 ? [`${flow(unread)} are not read`] : []),
  ];
  const end = deadline === undefined ? "told to stop" : `no progress for ${duration(deadline)}`;
  const why = obstacle(facts);
  const next = "the next run, or `spillway drain`, goes on with them";
  log.error("undelivered", `${end}: ${left.join(", ") || "nothing is left"}; ${why}; ${next}`, {
    records,
    bytes,
    unread,
  });
}

/** Why records are not delivered. A target's error comes first, because it includes a remedy. */
function obstacle({ output, buffer }: Facts): string {
  for (const [target, { trouble }] of output.targets) {
    if (trouble) return `${target}: ${trouble.why}${trouble.hint === "" ? "" : ` (${trouble.hint})`}`;
  }
  if (output.up && buffer.aside > 0)
    return "some of them do not fit into buffer.memory, or cannot be read (`row_set_aside`, `row_unreadable` in the log)";
  return output.lastError ?? (output.up ? "the server is too slow for this" : "the server has not answered");
}

/** Says that the agent has started. @param url of the admin endpoint, if there is one */
export function sayReady(log: Log, facts: Facts, tookMs: number, url: string | undefined): void {
  const waiting = `${facts.buffer.mode} with ${flow(buffered(facts).bytes)} waiting`;
  const where = url === undefined ? "" : `, ${url}`;
  log.info("ready", `in ${duration(tookMs)}: ${many(facts)}, ${waiting}${where}`, { server: facts.output.server });
}

/** How much there is to read: "1 input, 3 files". */
export function many({ inputs }: Facts): string {
  let files = 0;
  for (const input of inputs.values()) files += input.files;
  const configured = inputs.size - (inputs.has(RETIRED) ? 1 : 0);
  return `${plural(configured, "input")}, ${plural(files, "file")}`;
}

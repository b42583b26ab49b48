// Checks the budgets: memory, disk and batch size must be compatible, and the shares must add up.
import { budget } from "../../core/figures.ts";
import { sizeText } from "../../core/units.ts";
import { laddersInUse, shareFault } from "../../policy/shares.ts";
import { LEAST_MEMORY, defaultMemory, memoryConflict } from "../values/memory.ts";
import type { Report } from "../faults/report.ts";
import { present } from "../faults/report.ts";
import type { Read } from "../schema/index.ts";
import type { Path } from "../yaml/tree.ts";

const MEMORY: Path = ["buffer", "memory"];
const DISK: Path = ["buffer", "disk"];
const BATCH: Path = ["output", "batch", "bytes"];
const MIB = 2 ** 20;
/** A WebAssembly memory has at most 4 GiB; the remaining 1 GiB is for data other than log bytes. */
const MOST_MEMORY = 3 * 2 ** 30;

/** True if the user set the value, false if it is the default. */
type IsSet = (path: Path) => boolean;

/** @param limit memory limit of the process in bytes; undefined if there is none */
export function budgetRules(config: Read, isSet: IsSet, report: Report, limit?: number): void {
  if (report.sound(MEMORY)) {
    leastMemory(config, isSet, report, limit);
    mostMemory(config, report);
  }
  if (report.sound(MEMORY)) overLimit(config, limit, report);
  if (report.sound(MEMORY, DISK)) disk(config, isSet, report);
  if (report.sound(MEMORY, BATCH)) batch(config, isSet, report);
  shares(config, report);
}

function overLimit(config: Read, limit: number | undefined, report: Report): void {
  const conflict = memoryConflict(config.buffer.memory, limit);
  if (conflict) report.warning(MEMORY, { code: "memory-over-limit", ...conflict });
}

function leastMemory(config: Read, isSet: IsSet, report: Report, limit: number | undefined): void {
  const { memory } = config.buffer;
  if (memory < LEAST_MEMORY) {
    const message = `\`buffer.memory\` is ${sizeText(memory)}, needs at least 8MiB`;
    return report.error(MEMORY, { code: "memory-too-small", message, help: "`memory: 8MiB`; 64MiB is the default" });
  }
  for (const [i, input] of present(config.inputs)) {
    const path = ["inputs", i, "max_record"];
    if (!report.sound(path) || 4 * input.max_record <= memory) continue;
    const least = sizeText(4 * input.max_record);
    const atMemory = isSet(MEMORY);
    const limited = memory < defaultMemory(undefined) ? ` below a memory limit of ${budget(limit ?? 0)}` : "";
    return report.error(atMemory ? MEMORY : path, {
      code: "memory-too-small",
      message: `\`buffer.memory\` is ${sizeText(memory)}${atMemory ? "" : ` by default${limited}`}, needs at least ${least} (4x \`max_record\`)`,
      help: atMemory
        ? `\`memory: ${least}\`, or a smaller \`max_record\``
        : `\`buffer: { memory: ${least} }\`, or less than this`,
      ...(atMemory && isSet(path) ? { related: { path, note: `records of up to ${sizeText(input.max_record)}` } } : {}),
    });
  }
}

function mostMemory(config: Read, report: Report): void {
  if (config.buffer.memory <= MOST_MEMORY) return;
  report.error(MEMORY, {
    code: "memory-too-large",
    message: `\`buffer.memory\` is ${sizeText(config.buffer.memory)}, can be at most 3GiB`,
    help: "`memory: 64MiB` is enough for most hosts: what exceeds it waits in its files or goes to `disk`",
  });
}

function disk(config: Read, isSet: IsSet, report: Report): void {
  const { memory, disk: bytes } = config.buffer;
  if (bytes === 0 || bytes >= 2 * memory) return;
  const least = sizeText(2 * memory);
  const atDisk = isSet(DISK);
  const other = isSet(MEMORY)
    ? `\`buffer.memory\` is ${sizeText(memory)}`
    : `\`buffer.memory\` is ${sizeText(memory)} by default`;
  report.error(atDisk ? DISK : MEMORY, {
    code: "disk-too-small",
    message: `\`buffer.disk\` is ${sizeText(bytes)}${atDisk ? "" : " by default"}, needs at least ${least} (2x memory)`,
    help: `\`disk: ${sizeText(Math.max(2 ** 30, 2 * memory))}\`, or \`disk: 0\` for memory only; ${other}`,
  });
}

function batch(config: Read, isSet: IsSet, report: Report): void {
  const { bytes } = config.output.batch;
  const most = config.buffer.memory / 4;
  if (bytes === undefined || bytes <= most) return;
  report.error(BATCH, {
    code: "batch-too-large",
    message: `\`output.batch.bytes\` is ${sizeText(bytes)}, can be at most ${sizeText(most)} (a quarter of \`buffer.memory\`)`,
    help: `\`bytes: ${sizeText(Math.min(5 * MIB, config.buffer.memory / 8))}\`, or more \`buffer.memory\``,
    ...(isSet(MEMORY) ? { related: { path: MEMORY, note: `memory is ${sizeText(config.buffer.memory)}` } } : {}),
  });
}

function shares(config: Read, report: Report): void {
  const path: Path = ["buffer", "shares"];
  if (!report.reached(path)) return;
  const known = Object.keys(config.policies);
  for (const name of Object.keys(config.buffer.shares)) {
    if (known.includes(name) || !report.reached(["policies"])) continue;
    report.error([...path, name], {
      code: "unknown-policy",
      point: "key",
      message: `policy \`${name}\` is not among \`policies\``,
      help: `policies: ${known.join(" ")}`,
    });
  }
  const inputs = present(config.inputs);
  if (!report.sound(path, ...inputs.map(([i]) => ["inputs", i, "policy"]))) return;
  const fault = shareFault(config.buffer.shares, laddersInUse(inputs.map(([, input]) => input)));
  if (fault === undefined) return;
  report.error(path, {
    code: "shares-exceed",
    message: `\`buffer.${fault}\``.replace(/^`buffer\.shares(.*)`$/, "`buffer.shares`$1"),
    help: "lower one of them: ladders that are not named share the rest equally",
    point: "key",
  });
}

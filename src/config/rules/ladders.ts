// Checks the ladders with policy/ladder.ts, and reports the faults at their places in the file.
import type { Ladder } from "../../core/options.ts";
import { ratioText } from "../../core/units.ts";
import { ladderFaults } from "../../policy/ladder.ts";
import type { LadderFault } from "../../policy/ladder.ts";
import { ladderOf } from "../effective.ts";
import type { Report } from "../faults/report.ts";
import { present } from "../faults/report.ts";
import type { Read } from "../schema/index.ts";
import type { Path } from "../yaml/tree.ts";

export function ladderRules(config: Read, report: Report): void {
  const used = new Set(present(config.inputs).map(([, input]) => input.policy));
  for (const [name, rungs] of Object.entries(config.policies)) {
    const path = ["policies", name];
    if (!report.reached(path)) continue;
    if (!used.has(name) && report.sound(["inputs"]) && config.inputs.length > 0 && name !== "default")
      unused(name, report);
    // Leave out rungs that are invalid by themselves; the others are still compared.
    const sound = present(rungs).filter(([i]) => report.sound([...path, i]));
    const places = sound.map(([i]) => [...path, i]);
    const ladder = ladderOf(sound.map(([, rung]) => rung));
    for (const fault of ladderFaults(ladder)) point(fault, ladder, places, report);
  }
}

function point(fault: LadderFault, ladder: Ladder, places: readonly Path[], report: Report): void {
  const { code, message, help, key } = fault;
  const at = [...(places[fault.at] as Path), key];
  const other = fault.with === undefined ? undefined : places[fault.with];
  const related = other && { path: [...other, key], note: note(fault, ladder) };
  report.error(at, { code, message, help, ...(related ? { related } : {}) });
}

/** Explains how the other rung is related to the fault. */
function note(fault: LadderFault, ladder: Ladder): string {
  const enter = ratioText(ladder[fault.at]?.enter ?? 1);
  if (fault.code === "unreachable-rung") return `intake stops here for good, so the buffer never fills to ${enter}`;
  return fault.code === "duplicate-action" ? "first here" : "the rung before it";
}

function unused(name: string, report: Report): void {
  report.warning(["policies", name], {
    code: "unused-policy",
    point: "key",
    message: `policy \`${name}\` is used by no input`,
    help: `\`policy: ${name}\` on an input, or remove it`,
  });
}

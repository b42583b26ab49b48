// Rules over ladders: what policy/ladder.ts finds wrong with one, pointed at in the file.
import { ladderFaults } from "../../policy/ladder.ts";
import type { LadderFault } from "../../policy/ladder.ts";
import { ladderOf } from "../effective.ts";
import type { Report } from "../report.ts";
import { present } from "../report.ts";
import type { Read } from "../schema.ts";
import type { Path } from "../tree.ts";

export function ladderRules(config: Read, report: Report): void {
  const used = new Set(present(config.inputs).map(([, input]) => input.policy));
  for (const [name, rungs] of Object.entries(config.policies)) {
    const path = ["policies", name];
    if (!report.reached(path)) continue;
    if (!used.has(name) && report.sound(["inputs"]) && config.inputs.length > 0 && name !== "default")
      unused(name, report);
    // A rung that is wrong by itself is left out: the others are still compared.
    const sound = present(rungs).filter(([i]) => report.sound([...path, i]));
    const places = sound.map(([i]) => [...path, i]);
    for (const fault of ladderFaults(ladderOf(sound.map(([, rung]) => rung)))) point(fault, places, report);
  }
}

function point(fault: LadderFault, places: readonly Path[], report: Report): void {
  const { code, message, help } = fault;
  const at = [...(places[fault.at] as Path), fault.key];
  const other = fault.with === undefined ? undefined : places[fault.with];
  const key = fault.code === "unreachable-rung" ? "action" : fault.key;
  report.error(at, {
    code,
    message,
    help,
    ...(other ? { related: { path: [...other, key], note: NOTES[code] } } : {}),
  });
}

const NOTES: Readonly<Record<LadderFault["code"], string>> = {
  "leave-not-below-enter": "",
  "marks-out-of-order": "the rung before it",
  "duplicate-action": "first here",
  "unreachable-rung": "intake stops here for good, so the buffer never fills further",
};

function unused(name: string, report: Report): void {
  report.warning(["policies", name], {
    code: "unused-policy",
    point: "key",
    message: `policy \`${name}\` is used by no input`,
    help: `\`policy: ${name}\` on an input, or remove it`,
  });
}

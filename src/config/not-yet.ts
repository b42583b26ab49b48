// What interface and schema know and this version does not act on. Refused, so that nothing is silently ignored. The table
// shrinks as features land: whoever builds one removes its line.
import { present } from "./report.ts";
import type { Report } from "./report.ts";
import type { Read } from "./schema/index.ts";
import type { Path } from "./tree.ts";
import { pathText } from "./tree.ts";

interface Lack {
  /** Path below a section. */
  readonly key: string;
  readonly used: (value: unknown, section: Readonly<Record<string, unknown>>) => boolean;
  readonly instead: string;
}

const given = (value: unknown): boolean => value !== undefined;

const OUTPUT: readonly Lack[] = [{ key: "order", used: (value) => value !== "oldest", instead: "`order: oldest`" }];
const RUNG: readonly Lack[] = [
  { key: "notify", used: given, instead: "remove it, and alert on the metric `spillway_policy_rung`" },
];

export function refuseNotYet(config: Read, report: Report): void {
  if (config.output !== undefined) refuse(config.output, OUTPUT, ["output"], report);
  for (const [name, ladder] of Object.entries(config.policies)) {
    for (const [i, rung] of present(ladder)) refuse(rung, RUNG, ["policies", name, i], report);
  }
}

function refuse(section: Readonly<Record<string, unknown>>, lacks: readonly Lack[], path: Path, report: Report): void {
  for (const { key, used, instead } of lacks) {
    const at = [...path, key];
    if (!report.sound(at) || !used(section[key], section)) continue;
    const message = `\`${pathText(at)}\` is not in this version yet`;
    report.error(at, { code: "not-yet", point: "key", message, help: instead });
  }
}

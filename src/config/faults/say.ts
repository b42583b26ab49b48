// Converts an issue of the schema to a fault: the key, the value as the user wrote it, and how to fix it.
import type { Report } from "./report.ts";
import { find, pathText } from "../yaml/tree.ts";
import type { Tree } from "../yaml/tree.ts";
import type { Issue } from "../values/vocabulary.ts";

/** @param complete whether all files could be read; if not, a missing key is not a fault */
export function sayIssue(tree: Tree, issue: Issue, complete: boolean, report: Report): void {
  const { path, misfit } = issue;
  if (!report.sound(path)) return;
  // With `--set` a single value may stand for a list of one item.
  const value = find(tree, path) ?? (path.at(-1) === 0 ? find(tree, path.slice(0, -1)) : undefined);
  if (misfit && value) {
    const raw = value.kind === "scalar" ? String(value.raw ?? value.value) : "";
    // Do not show the content of a variable or file: it may be a secret in the wrong option.
    const substituted = value.kind === "scalar" && value.raw !== undefined;
    const says = misfit.says.replace("{value}", () => `\`${raw}\`${substituted ? " (substituted)" : ""}`);
    const help = substituted ? "look at what the variable or file holds" : misfit.help;
    return report.error(path, { code: misfit.code, message: `\`${pathText(path)}\` ${says}`, help });
  }
  if (!complete) return;
  const key = String(path.at(-1));
  const message = `\`${pathText(path)}\` is missing`;
  report.error(path, { code: "missing-key", message, help: MISSING[key] ?? `\`${key}: ...\`` });
}

const MISSING: Readonly<Record<string, string>> = {
  id: "`id: app`: it names metrics and state",
  paths: '`paths: ["/var/log/app/*.log"]`',
  enter: "`enter: 70%`",
  leave: "`leave: 60%`",
  keep: "`keep: 1/4`",
  rate: "`rate: 10MiB/s`",
  burst: "`burst: 20MiB`",
  format: "`format: '%d/%b/%Y:%H:%M:%S %z'`",
};

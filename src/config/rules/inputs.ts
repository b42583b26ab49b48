// Checks the inputs: there is something to read, ids are unique, ladders exist.
import { SERVERS_OWN } from "../../core/document.ts";
import type { Report } from "../faults/report.ts";
import { present } from "../faults/report.ts";
import type { Read, ReadInput } from "../schema/index.ts";
import { nearestWord } from "../faults/suggest.ts";
import { formatRules } from "./formats.ts";

export function inputRules(config: Read, report: Report): void {
  if (config.inputs.length === 0 && report.sound(["inputs"])) {
    report.error(["inputs"], {
      code: "no-inputs",
      message: "`inputs` is empty: there is nothing to read",
      help: '`inputs: [{ id: app, paths: ["/var/log/app/*.log"] }]`',
    });
  }
  const seen = new Map<string, number>();
  for (const [i, input] of present(config.inputs)) {
    duplicateId(input, i, seen, report);
    noPaths(input, i, report);
    unknownPolicy(config, input, i, report);
    endlessRecord(input, i, report);
    takenFields(input, i, report);
    formatRules(input, i, report);
  }
}

function duplicateId(input: ReadInput, i: number, seen: Map<string, number>, report: Report): void {
  const path = ["inputs", i, "id"];
  if (!report.sound(path)) return;
  const first = seen.get(input.id);
  if (first === undefined) {
    seen.set(input.id, i);
    return;
  }
  report.error(path, {
    code: "duplicate-id",
    message: `input id \`${input.id}\` is used twice`,
    help: `ids name metrics and state, give this one its own, for example \`${idFor(input, seen)}\``,
    related: { path: ["inputs", first, "id"], note: "first here" },
  });
}

/** Directory names that say nothing about their content. */
const PLACES: ReadonlySet<string> = new Set(["log", "logs", "var", "tmp", "opt", "home", "srv", "mnt", "data"]);

/** Suggests an id from the paths: `app` for /var/log/app/*.log and for /var/log/app.log. */
function idFor(input: ReadInput, taken: ReadonlyMap<string, number>): string {
  const words = (Array.isArray(input.paths) ? input.paths.map(String) : []).flatMap((path) =>
    path.split("/").reverse(),
  );
  const names = words.map((word) => /^[A-Za-z][A-Za-z0-9_-]*(?=$|\.[a-z]+$)/.exec(word)?.[0]);
  const free = names.find((name) => name !== undefined && !PLACES.has(name) && !taken.has(name));
  return free ?? `${input.id}-2`;
}

function takenFields({ fields, format }: ReadInput, i: number, report: Report): void {
  for (const name of Object.keys(fields ?? {})) {
    const whose = ownerOf(name, format);
    if (whose === undefined || !report.sound(["inputs", i, "fields", name])) continue;
    report.error(["inputs", i, "fields", name], {
      code: "bad-field",
      point: "key",
      message: `\`inputs[].fields\` has \`${name}\`, which ${whose}`,
      help: `another name, for example \`labels.${name.replace(/^_/, "")}\``,
    });
  }
}

/** What else writes a field of this name, as the end of a sentence; undefined if nothing does. */
function ownerOf(name: string, format: ReadInput["format"]): string | undefined {
  const [first = ""] = name.split(".");
  if (SERVERS_OWN.has(name)) return "belongs to the server: it would refuse every document";
  if (first === "sample" || first === "_doc_count") return "says what a record that was sampled stands for";
  if (format !== "json") return undefined;
  if (first === "json") return "is where `format: json` puts keys that conflict with a document's own";
  return first === "error" ? "is where `format: json` says why a line is no JSON" : undefined;
}

function endlessRecord({ multiline }: ReadInput, i: number, report: Report): void {
  const path = ["inputs", i, "multiline"];
  if (multiline === undefined || !report.sound(path)) return;
  if (multiline.start || multiline.end || multiline.indent) return;
  report.error(path, {
    code: "missing-key",
    point: "key",
    message: "`inputs[].multiline` does not say where a record begins or ends",
    help: "add `start`, `end` or `indent: true`",
  });
}

function noPaths(input: ReadInput, i: number, report: Report): void {
  const path = ["inputs", i, "paths"];
  if (!report.sound(path) || input.paths.length > 0) return;
  report.error(path, {
    code: "no-inputs",
    message: "`inputs[].paths` is empty: there is nothing to read",
    help: '`paths: ["/var/log/app/*.log"]`',
  });
}

function unknownPolicy(config: Read, input: ReadInput, i: number, report: Report): void {
  const path = ["inputs", i, "policy"];
  const names = Object.keys(config.policies);
  if (!report.sound(path) || !report.reached(["policies"]) || names.includes(input.policy)) return;
  const near = nearestWord(input.policy, names);
  report.error(path, {
    code: "unknown-policy",
    message: `policy \`${input.policy}\` is not among \`policies\`${near ? `; did you mean \`${near}\`?` : ""}`,
    help: `policies: ${names.join(" ")}`,
  });
}

// Checks that an input has no settings that contradict its line format.
import type { Report } from "../faults/report.ts";
import type { ReadInput } from "../schema/index.ts";

export function formatRules(input: ReadInput, i: number, report: Report): void {
  encodingOfFormat(input, i, report);
  recordsOfLines(input, i, report);
  fieldOfTime(input, i, report);
}

/** The encoding of a format's own syntax. */
const SYNTAX: Readonly<Record<ReadInput["format"], "any" | "ascii" | "utf-8">> = {
  text: "any",
  cri: "ascii",
  docker: "utf-8",
  json: "any",
};

function encodingOfFormat({ format, encoding }: ReadInput, i: number, report: Report): void {
  const path = ["inputs", i, "encoding"];
  if (!report.sound(path) || !report.sound(["inputs", i, "format"])) return;
  const { encoding: name } = new TextDecoder(encoding);
  const syntax = SYNTAX[format];
  if (syntax === "any" || name === "utf-8" || (syntax === "ascii" && !name.startsWith("utf-16"))) return;
  const says =
    syntax === "ascii"
      ? `\`format: ${format}\` needs an encoding in which a line end is one byte: its times are ASCII`
      : `\`format: ${format}\` is UTF-8 by definition`;
  report.error(path, {
    code: "not-of-format",
    message: `\`inputs[].encoding\` is \`${encoding}\`, but ${says}`,
    help: syntax === "ascii" ? "the encoding of the messages, or `utf-8`" : "remove it",
  });
}

function recordsOfLines({ format, multiline }: ReadInput, i: number, report: Report): void {
  const path = ["inputs", i, "multiline"];
  if (multiline === undefined || format !== "json" || !report.sound(path)) return;
  report.error(path, {
    code: "not-of-format",
    point: "key",
    message: "`inputs[].multiline` joins lines, but with `format: json` each line is a record by itself",
    help: "remove it, or `format: text`",
  });
}

function fieldOfTime({ format, timestamp }: ReadInput, i: number, report: Report): void {
  const path = ["inputs", i, "timestamp", "field"];
  if (timestamp?.field === undefined || format === "json" || !report.sound(path)) return;
  report.error(path, {
    code: "not-of-format",
    point: "key",
    message: `\`inputs[].timestamp.field\` names a key, but with \`format: ${format}\` a record has none`,
    help: "remove it: the time is looked for in the record; or `format: json`",
  });
}

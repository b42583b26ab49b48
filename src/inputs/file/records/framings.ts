// Chooses the framing of an input.
import type { FileInputOptions } from "../../../core/options.ts";
import type { RecordIndex } from "../../../core/output.ts";
import { CRI } from "./format-cri.ts";
import { DOCKER } from "./format-docker.ts";
import { JsonFormat } from "./json/format.ts";
import { LineFraming } from "./framing-lines.ts";
import { TextFraming } from "./framing-text.ts";
import { type Framing, type LineScanner, type ObjectChecker, TURN_BYTES } from "./framing.ts";
import { PLAIN } from "./line-format.ts";
import { FINISHED_GROWTH } from "./record-writer.ts";
import type { RuleTools } from "./rules.ts";
import type { Encoding } from "./text-code.ts";

const FORMATS = { cri: CRI, docker: DOCKER, text: PLAIN } as const;

/** Text without patterns, timestamp, multiline or decoding is not examined line by line. */
export function framingFor(
  options: FileInputOptions,
  { codes, growth }: Encoding,
  kernel: LineScanner & ObjectChecker,
  tools: RuleTools,
  recordIndex?: RecordIndex,
): Framing {
  const { format, maxRecord, includeLines, excludeLines, redact, timestamp, multiline } = options;
  const patterns = includeLines.length + excludeLines.length + redact.length;
  const judged = patterns > 0 || timestamp !== undefined || multiline !== undefined || codes[0].decode !== undefined;
  if (format === "text" && !judged) return new TextFraming(kernel, options);
  const reach = Math.max(TURN_BYTES, maxRecord + 2);
  if (format === "json") {
    const bounds = { reach, growth: Math.max(growth, FINISHED_GROWTH) };
    // The time is in a member, which the format looks for itself.
    return new LineFraming(
      new JsonFormat(kernel, options, tools.wall, recordIndex?.members),
      { ...options, timestamp: undefined, recordIndex },
      bounds,
      tools,
    );
  }
  return new LineFraming(FORMATS[format], { ...options, recordIndex }, { reach, growth }, tools);
}

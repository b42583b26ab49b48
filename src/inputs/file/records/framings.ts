// Which framing an input has.
import type { FileInputOptions } from "../../../core/options.ts";
import { CRI } from "./format-cri.ts";
import { DOCKER } from "./format-docker.ts";
import { JsonFormat } from "./format-json.ts";
import { LineFraming } from "./framing-lines.ts";
import { TextFraming } from "./framing-text.ts";
import { type Framing, TURN_BYTES } from "./framing.ts";
import { PLAIN } from "./line-format.ts";
import type { LineScanner, ObjectChecker } from "./kernel-parts.ts";
import { FINISHED_GROWTH } from "./record-writer.ts";
import type { Encoding } from "./text-code.ts";

const FORMATS = { cri: CRI, docker: DOCKER, text: PLAIN } as const;

/** Text that nothing is done to is not even looked at line by line. */
export function framingFor(
  options: FileInputOptions,
  { codes, growth }: Encoding,
  kernel: LineScanner & ObjectChecker,
  wall: () => number,
): Framing {
  const { format, maxRecord, includeLines, excludeLines, redact, timestamp, multiline } = options;
  const patterns = includeLines.length + excludeLines.length + redact.length;
  const judged = patterns > 0 || timestamp !== undefined || multiline !== undefined || codes[0].decode !== undefined;
  if (format === "text" && !judged) return new TextFraming(kernel, options);
  const reach = Math.max(TURN_BYTES, maxRecord + 2);
  if (format === "json") {
    const bounds = { reach, growth: Math.max(growth, FINISHED_GROWTH) };
    // The time stands in a member, which the format looks for.
    return new LineFraming(new JsonFormat(kernel, options, wall), { ...options, timestamp: undefined }, bounds, wall);
  }
  return new LineFraming(FORMATS[format], options, { reach, growth }, wall);
}

// Which framing an input has.
import type { FileInputOptions } from "../../core/options.ts";
import { CRI } from "./format-cri.ts";
import { DOCKER } from "./format-docker.ts";
import { multilineFormat } from "./format-multiline.ts";
import { LineFraming } from "./framing-lines.ts";
import { TextFraming } from "./framing-text.ts";
import { type Framing, TURN_BYTES } from "./framing.ts";
import { PLAIN } from "./line-format.ts";
import type { LineScanner } from "./parts.ts";

/** Text that nothing is done to is not even looked at line by line. */
export function framingFor(options: FileInputOptions, kernel: LineScanner, wall: () => number): Framing {
  const { format, maxRecord, includeLines, excludeLines, redact, timestamp, multiline } = options;
  const decoder = decoderFor(options.encoding);
  const reach = Math.max(TURN_BYTES, maxRecord + 2);
  const settings = { ...options, decoder };
  if (format === "cri") return new LineFraming(CRI, settings, reach, wall);
  if (format === "docker") return new LineFraming(DOCKER, settings, reach, wall);
  if (multiline) return new LineFraming(multilineFormat(multiline, decoder), settings, reach, wall);
  const judged =
    includeLines.length + excludeLines.length + redact.length > 0 || timestamp !== undefined || decoder !== undefined;
  return judged ? new LineFraming(PLAIN, settings, reach, wall) : new TextFraming(kernel, options);
}

function decoderFor(encoding: string): TextDecoder | undefined {
  const decoder = new TextDecoder(encoding);
  return decoder.encoding === "utf-8" ? undefined : decoder;
}

// Faults of a configuration as data. render.ts renders them for a terminal, the command line as JSON. Invariants: neither
// `message` nor `help` contains a secret; `message` is understandable by itself.
import { EXIT, SpillwayError } from "../../core/errors.ts";
import type { FaultCode } from "./codes.ts";
import type { Place } from "../yaml/place.ts";
import { placeText, position } from "../yaml/place.ts";

export interface Fault {
  readonly code: FaultCode;
  readonly severity: "error" | "warning";
  readonly at: Place;
  readonly message: string;
  /** Configuration text to paste, or what to do. */
  readonly help: string;
  /** The other place of a conflict, or the place that explains the fault. */
  readonly related?: { readonly at: Place; readonly note: string };
}

/** Sorts by source in reading order, then by place, and removes duplicates. */
export function sortFaults(faults: readonly Fault[], order: readonly string[]): readonly Fault[] {
  const rank = (fault: Fault): number => order.indexOf(fault.at.source.name);
  const sorted = faults.toSorted((a, b) => rank(a) - rank(b) || a.at.from - b.at.from || (a.code < b.code ? -1 : 1));
  return sorted.filter((fault, i) => {
    const before = sorted[i - 1];
    return !before || before.at !== fault.at || before.code !== fault.code || before.message !== fault.message;
  });
}

/** Contains all faults of all files. */
export class ConfigError extends SpillwayError {
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** Places of secrets, which no frame may show. */
  readonly secrets: readonly Place[];

  constructor(faults: readonly Fault[], warnings: readonly Fault[], secrets: readonly Place[]) {
    const [first, ...others] = [...faults, ...warnings];
    const more = others.length > 0 ? ` (and ${others.length} more)` : "";
    super("config", first ? `${placeText(first.at)}: ${first.message} [${first.code}]${more}` : "wrong configuration", {
      exit: EXIT.config,
      hint: "`spillway check` shows every fault with its place",
    });
    this.name = "ConfigError";
    this.faults = faults;
    this.warnings = warnings;
    this.secrets = secrets;
  }
}

/** A fault as printed with `--json`. */
export function faultFacts(fault: Fault): Readonly<Record<string, unknown>> {
  const readable = fault.at.source.text !== undefined;
  return {
    code: fault.code,
    severity: fault.severity,
    file: fault.at.source.name,
    ...(readable ? position(fault.at) : {}),
    message: fault.message,
    help: fault.help,
    ...(fault.related
      ? { related: { file: fault.related.at.source.name, ...position(fault.related.at), note: fault.related.note } }
      : {}),
  };
}

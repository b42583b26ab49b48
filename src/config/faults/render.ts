// Renders faults for people. The first line is complete by itself, in the GNU format that editors can jump to. A frame and a
// help text follow. The count comes at the end, where the user looks. More than 5 equal faults become one frame and a list of
// places.
import type { Fault } from "./fault.ts";
import type { Frame } from "./frame.ts";
import { frame } from "./frame.ts";
import { placeText } from "../yaml/place.ts";
import type { Place } from "../yaml/place.ts";

export type Role = "error" | "warning" | "help" | "note" | "gutter" | "strong";
/** Colours a text, or returns it unchanged. No information is conveyed by colour alone. */
export type Paint = (role: Role, text: string) => string;
export const plainPaint: Paint = (_, text) => text;

const FOLD = 5;

export function renderFaults(faults: readonly Fault[], hidden: readonly Place[], paint: Paint = plainPaint): string {
  const groups = Map.groupBy(faults, (fault) => `${fault.severity} ${fault.code} ${fault.message}`);
  const lines = [...groups.values()].flatMap((group) => {
    const [first] = group as [Fault, ...Fault[]];
    return group.length > FOLD
      ? [{ fault: first, text: [...oneFault(first, hidden, paint), also(group.slice(1))] }]
      : group.map((fault) => ({ fault, text: oneFault(fault, hidden, paint) }));
  });
  const inOrder = lines.toSorted((a, b) => faults.indexOf(a.fault) - faults.indexOf(b.fault));
  return inOrder.flatMap(({ text }) => text).join("\n");
}

function also(others: readonly Fault[]): string {
  return `   = the same at ${others.map((fault) => placeText(fault.at)).join(", ")}`;
}

function oneFault(fault: Fault, hidden: readonly Place[], paint: Paint): readonly string[] {
  const place = paint("strong", placeText(fault.at));
  const head = `${place}: ${paint(fault.severity, `${fault.severity}:`)} ${fault.message} [${fault.code}]`;
  const help = paint("help", `help: ${fault.help}`);
  if (fault.at.source.text === undefined || fault.at.source.text === "") return [head, `   = ${help}`];
  const main = frame(fault.at, hidden, "^");
  const relatedPlace = fault.related?.at;
  const other = relatedPlace && frame(relatedPlace, hidden, "-");
  const gutter = Math.max(2, String(Math.max(main.line, other?.line ?? 0)).length);
  const mainLines = framed(main, help, gutter, "error", paint);
  if (!other || !fault.related || sameLine(fault.at, fault.related.at)) return [head, ...mainLines];
  const otherLines = framed(other, paint("note", fault.related.note), gutter, "note", paint);
  if (fault.related.at.source.name !== fault.at.source.name) {
    return [head, ...mainLines, `${" ".repeat(gutter)} : ${placeText(fault.related.at)}`, ...otherLines];
  }
  return other.line < main.line ? [head, ...otherLines, ...mainLines] : [head, ...mainLines, ...otherLines];
}

function framed(shown: Frame, note: string, gutter: number, role: Role, paint: Paint): readonly string[] {
  const number = paint("gutter", `${String(shown.line).padStart(gutter)} |`);
  const blank = paint("gutter", `${" ".repeat(gutter)} |`);
  return [`${number} ${shown.text}`.trimEnd(), `${blank} ${paint(role, shown.carets)} ${note}`.trimEnd()];
}

function sameLine(a: Place, b: Place): boolean {
  return a.source.name === b.source.name && placeText(a).split(":").at(-2) === placeText(b).split(":").at(-2);
}

/** For example `6 errors and 1 warning in spillway.yml`. */
export function countFaults(faults: readonly Fault[]): string {
  const of = (severity: Fault["severity"]): number => faults.filter((fault) => fault.severity === severity).length;
  const words = (
    [
      ["error", of("error")],
      ["warning", of("warning")],
    ] as const
  )
    .filter(([, n]) => n > 0)
    .map(([word, n]) => `${n} ${word}${n === 1 ? "" : "s"}`);
  return `${words.join(" and ")} in ${[...new Set(faults.map((fault) => fault.at.source.name))].join(", ")}`;
}

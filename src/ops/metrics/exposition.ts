// Renders the facts as Prometheus text, format 0.0.4. Hot paths keep plain numbers; a scrape reads them all in one turn of the
// event loop, so they are consistent. Nothing is kept between scrapes, so the series of a removed input vanish with it.
import type { Facts } from "../facts.ts";
import type { ProcessFacts } from "../process-facts.ts";
import type { Series } from "./metric.ts";
import { METRICS } from "./table.ts";

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Size of the last text in bytes, which predicts the next. */
let size = 16 * 1024;

/**
 * Written into a buffer line by line. A hundred inputs have 3,000 lines. As concatenated strings, these lived long enough to
 * reach V8's old generation, which is rarely collected: 60 scrapes cost 60 MiB.
 */
export function renderMetrics(facts: Facts, process: ProcessFacts): Buffer {
  let bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  const write = (line: string): void => {
    if (at + 3 * line.length > bytes.length) bytes = Buffer.concat([bytes], 2 * bytes.length + 3 * line.length);
    at += bytes.write(line, at);
  };
  for (const { name, type, help, read } of METRICS) {
    write(`# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`);
    for (const series of read(facts, process)) write(sample(series.name ?? name, series));
  }
  size = at + 4096;
  return bytes.subarray(0, at);
}

function sample(name: string, { labels, value }: Series): string {
  let pairs = "";
  for (const label in labels) pairs += `${pairs === "" ? "" : ","}${label}="${escapeLabel(labels[label] as string)}"`;
  return `${name}${pairs === "" ? "" : `{${pairs}}`} ${number(value)}\n`;
}

function number(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return /[\\\n"]/.test(text) ? escapeHelp(text).replaceAll('"', '\\"') : text;
}

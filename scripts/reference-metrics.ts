// Writes docs/reference/metrics.md from the table of metrics: `node scripts/reference-metrics.ts`.
import { writeFileSync } from "node:fs";
import type { Metric } from "../src/ops/metrics/metric.ts";
import { METRIC_GROUPS } from "../src/ops/metrics/table.ts";

export const METRICS_PAGE: URL = new URL("../docs/reference/metrics.md", import.meta.url);

const HEAD = `# Metrics

<!-- Made by scripts/reference-metrics.ts; change the table in src/ops/metrics/ instead. -->

\`GET /metrics\` on the admin endpoint answers in the Prometheus text format. All numbers of one answer belong to the same
moment. Counters count from the start of the process, from zero; \`/status\` and \`spillway inspect\` know the ledger since
the state directory was made. Label values are the names in your configuration; there is no series per file. No counter falls
over a reload: an input that is removed keeps its own for when it comes back, and \`(retired)\` counts only what happens for
removed inputs after that.
`;

export function metricsPage(): string {
  const groups = METRIC_GROUPS.map(([title, metrics]) => {
    const rows = metrics.map(row).join("\n");
    return `\n## ${title}\n\n| metric | type | what it is | what to make of it |\n| --- | --- | --- | --- |\n${rows}\n`;
  });
  return HEAD + groups.join("");
}

function row(metric: Metric): string {
  const labels = metric.labels.length > 0 ? `{${metric.labels.join(",")}}` : "";
  return `| \`${metric.name}${labels}\` | ${metric.type} | ${metric.help} | ${metric.meaning} |`;
}

if (import.meta.main) writeFileSync(METRICS_PAGE, metricsPage());

// The facts as Prometheus text. The only file that knows the Prometheus client, which is used as the exposition alone: hot
// paths keep plain numbers, and a scrape reads them all in one turn of the loop, so that they fit together. A registry
// lives for one scrape: series of removed inputs vanish by themselves and two scrapes cannot mix.
import { Registry, type Metric as ClientMetric } from "@prometheus-io/client";
import type { Facts } from "../facts.ts";
import type { ProcessFacts } from "../process-facts.ts";
import { METRICS } from "./table.ts";

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

export function renderMetrics(facts: Facts, process: ProcessFacts): Promise<string> {
  const registry = new Registry();
  for (const { name, type, help, read } of METRICS) {
    const values = read(facts, process).map((series) => ({
      labels: series.labels,
      value: series.value,
      metricName: series.name ?? name,
    }));
    // The client's own classes cannot be given the counts of a histogram; a registry asks no more of a metric than this.
    const metric = { name, type, help, get: async () => ({ name, type, help, values }) };
    registry.registerMetric(metric as unknown as ClientMetric<string>);
  }
  return registry.metrics();
}

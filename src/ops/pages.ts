// What the admin endpoint answers at each path. All of it is read at the moment of the request.
import type { Facts } from "./facts.ts";
import { METRICS_TYPE, renderMetrics } from "./metrics/exposition.ts";
import type { ProcessFacts } from "./process-facts.ts";
import { text, type Handler, type Reply, type Routes } from "./router.ts";
import { buildStatus } from "./status.ts";

export interface PageSources {
  facts(): Facts;
  process(): ProcessFacts;
  /** Whether the agent's loops turn. */
  alive(): boolean;
}

export function pages(sources: PageSources): Routes {
  return new Map<string, Handler>([
    ["/", () => ({ status: 200, type: "text/html; charset=utf-8", body: index(sources.facts()) })],
    ["/healthz", () => (sources.alive() ? text(200, "ok") : text(503, "a loop has stopped turning"))],
    ["/readyz", (query) => readiness(sources.facts(), query.get("policy") === "strict")],
    [
      "/status",
      () => ({ status: 200, type: "application/json", body: `${JSON.stringify(buildStatus(sources.facts()))}\n` }),
    ],
    [
      "/metrics",
      async () => ({
        status: 200,
        type: METRICS_TYPE,
        body: await renderMetrics(sources.facts(), sources.process()),
      }),
    ],
  ]);
}

function readiness(facts: Facts, strict: boolean): Reply {
  if (facts.state !== "running") return text(503, facts.state);
  const shedding = [...facts.policies].find(([, policy]) => policy.shedding);
  if (strict && shedding !== undefined) return text(503, `ladder ${shedding[0]} is shedding: ${shedding[1].action}`);
  return text(200, "ready");
}

/** Nothing from outside stands in it but the version and the state, which are ours. */
function index({ version, state }: Facts): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>spillway: ${state}</title>
<h1>spillway ${version}: ${state}</h1>
<ul>
<li><a href="/status">/status</a>: everything, as JSON</li>
<li><a href="/metrics">/metrics</a>: for Prometheus</li>
<li><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>: for probes</li>
</ul>
</html>
`;
}

// The pages of the admin endpoint, by path. All data is read at the moment of the request.
import type { Facts } from "../facts.ts";
import { METRICS_TYPE, renderMetrics } from "../metrics/exposition.ts";
import type { ProcessFacts } from "../process-facts.ts";
import { dashboardReply } from "./dashboard.ts";
import type { Feed } from "../events/feed.ts";
import { text, type Page, type Reply, type Routes, type StreamPage } from "./router.ts";
import { statusDocument } from "../status.ts";

export interface PageSources {
  facts(): Facts;
  process(): ProcessFacts;
  /** Whether the agent's loops run. */
  alive(): boolean;
  readonly feed: Feed;
}

export function pages(sources: PageSources): Routes {
  return new Map<string, Page | StreamPage>([
    ["/", { cost: "some", answer: (_, request) => dashboardReply(request) }],
    ["/events", { type: "text/event-stream; charset=utf-8", stream: (client) => sources.feed.watch(client) }],
    ["/healthz", { cost: "none", anyHost: true, answer: () => (sources.alive() ? text(200, "ok") : text(503, HUNG)) }],
    [
      "/readyz",
      {
        cost: "some",
        anyHost: true,
        answer: (query) => readiness(sources.facts(), query.get("policy") === "strict"),
      },
    ],
    [
      "/status",
      {
        cost: "some",
        answer: () => ok("application/json", `${JSON.stringify(statusDocument(sources.facts(), sources.process()))}\n`),
      },
    ],
    [
      "/metrics",
      {
        cost: "some",
        anyHost: true,
        answer: () => ok(METRICS_TYPE, renderMetrics(sources.facts(), sources.process())),
      },
    ],
  ]);
}

const HUNG = "a loop has stopped turning";

function ok(type: string, body: Reply["body"]): Reply {
  return { status: 200, type, body };
}

function readiness(facts: Facts, strict: boolean): Reply {
  if (facts.state !== "running") return text(503, facts.state);
  const shedding = [...facts.policies].find(([, policy]) => policy.shedding);
  if (strict && shedding !== undefined) return text(503, `ladder ${shedding[0]} is shedding: ${shedding[1].action}`);
  return text(200, "ready");
}

// Writes examples/grafana/spillway.json, a dashboard over all agents that a Prometheus scrapes. Its sections are the same and
// in the same order as on the agent's own page. The panels are in scripts/lib/grafana-panels.ts.
import { writeFileSync } from "node:fs";
import { type Panel, ROWS } from "./lib/grafana-panels.ts";

const HEIGHT = { stat: 4, timeseries: 8, table: 8 } as const;

export function grafanaDashboard(): unknown {
  let y = 0;
  let id = 1;
  const panels = ROWS.flatMap(([title, members]) => {
    const row = { id: id++, type: "row", title, collapsed: false, gridPos: { h: 1, w: 24, x: 0, y: y++ }, panels: [] };
    let x = 0;
    const made = members.map((panel) => {
      const placed = { ...panelJson(panel), id: id++, gridPos: { h: HEIGHT[panel.kind], w: panel.width, x, y } };
      x += panel.width;
      return placed;
    });
    y += Math.max(...members.map(({ kind }) => HEIGHT[kind]));
    return [row, ...made];
  });
  const datasource = { name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus", hide: 0 };
  const instance = {
    name: "instance",
    type: "query",
    datasource: { type: "prometheus", uid: "${datasource}" },
    query: "label_values(spillway_build_info, instance)",
    refresh: 2,
    multi: true,
    includeAll: true,
    current: { text: "All", value: "$__all" },
  };
  return {
    title: "spillway",
    uid: "spillway",
    tags: ["spillway", "logs"],
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: { list: [datasource, instance] },
    panels,
  };
}

function panelJson({ title, kind, unit, queries, max, about, colours = {} }: Panel): Readonly<Record<string, unknown>> {
  const overrides = Object.entries(colours).map(([part, color]) => ({
    matcher: { id: "byRegexp", options: `/\\b${part}/` },
    properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }],
  }));
  const limits = { min: 0, ...(max === undefined ? {} : { max }) };
  return {
    title,
    type: kind,
    description: about,
    datasource: { type: "prometheus", uid: "${datasource}" },
    targets: queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode(65 + i),
      expr,
      legendFormat: legend,
      ...(kind === "table" ? { format: "table", instant: true } : {}),
    })),
    fieldConfig: {
      defaults: { unit, ...limits, custom: { spanNulls: false, lineInterpolation: "linear" } },
      overrides,
    },
    options:
      kind === "timeseries" ? { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } } : {},
  };
}

if (import.meta.main) {
  const file = new URL("../examples/grafana/spillway.json", import.meta.url);
  writeFileSync(file, `${JSON.stringify(grafanaDashboard(), null, 2)}\n`);
}

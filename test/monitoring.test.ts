// Alerts, their runbooks and the Grafana dashboard: Prometheus's own tool checks and runs them, and the agent has every metric
// that they name.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse } from "yaml";
import { grafanaDashboard } from "../scripts/generate-grafana.ts";
import type { Command } from "../src/cli/program/command.ts";
import { COMMANDS } from "../src/cli/program/commands.ts";
import { renderMetrics } from "../src/ops/metrics/exposition.ts";
import { METRICS } from "../src/ops/metrics/table.ts";
import { ROOT } from "./helpers/tree.ts";
import { sampleFacts, sampleProcess } from "./ops/sample-facts.ts";

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<"summary" | "description" | "runbook_url" | "dashboard", string>>;
}

const FOLDER = join(ROOT, "examples/prometheus");
const RUNBOOKS = join(ROOT, "docs/runbooks");
const alerts = (
  parse(readFileSync(join(FOLDER, "alerts.yml"), "utf8")) as { groups: { rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules);
const dashboard = grafanaDashboard() as { panels: { type: string; title: string; targets?: { expr: string }[] }[] };
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

const present = spawnSync("promtool", ["--version"]).status === 0;
const skip = !present && process.env["CI"] !== "true" && "promtool is not installed; apt-get install prometheus";
const directory = mkdtempSync(join(tmpdir(), "spillway-monitoring-"));
after(() => rmSync(directory, { recursive: true }));

function promtool(args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: FOLDER, encoding: "utf8", input });
  assert.equal(status, 0, stdout + stderr);
  return stdout + stderr;
}

test("promtool understands the alerts, and each fires when it should and not before", { skip }, () => {
  promtool(["check", "rules", "alerts.yml"]);
  promtool(["check", "config", "prometheus.yml"]);
  promtool(["test", "rules", "tests.yml"]);
  const tried = readFileSync(join(FOLDER, "tests.yml"), "utf8");
  for (const { alert } of alerts) {
    const fires = new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n`).test(tried);
    assert.ok(fires, `${alert} is not seen firing in tests.yml`);
  }
});

test("promtool finds no fault with the metrics of an agent", { skip }, () => {
  assert.equal(promtool(["check", "metrics"], renderMetrics(sampleFacts(), sampleProcess).toString()).trim(), "");
});

test("promtool understands the queries of the dashboard", { skip }, () => {
  assert.ok(queries.length > 20);
  const rules = queries.map((query, i) => ({
    record: `q:${i}`,
    expr: query.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "1h").replaceAll("$instance", ".*"),
  }));
  const file = join(directory, "queries.yml");
  writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  promtool(["check", "rules", file]);
});

test("every metric in an alert or a query is one that the agent has, with its labels", () => {
  const known = new Map<string, { readonly labels: readonly string[] }>(METRICS.map((metric) => [metric.name, metric]));
  // Prometheus itself makes this one for each target.
  known.set("up", { labels: [] });
  for (const query of [...alerts.map(({ expr }) => expr), ...queries]) {
    const names = [...query.matchAll(/\b((?:spillway|process|nodejs)_\w+|up\b)(?:\{([^}]*)\})?/g)];
    assert.ok(names.length > 0, query);
    for (const [, name = "", selector = ""] of names) {
      const metric = known.get(name.replace(/_bucket$/, ""));
      assert.ok(metric, `${name} in ${query}`);
      for (const [, label = ""] of selector.matchAll(/(\w+)(?:=|!)/g)) {
        assert.ok([...metric.labels, "instance", "job"].includes(label), `${label} of ${name} in ${query}`);
      }
    }
  }
});

test("each alert has a page of its name, and each page an alert", () => {
  const names = alerts.map(({ alert }) => alert);
  assert.deepEqual(
    readdirSync(RUNBOOKS)
      .map((file) => file.replace(/\.md$/, ""))
      .sort(),
    names.toSorted(),
  );
  for (const { alert, annotations, labels } of alerts) {
    assert.ok(["page", "ticket"].includes(labels.severity), alert);
    assert.ok(existsSync(join(ROOT, annotations.runbook_url)), annotations.runbook_url);
    assert.equal(annotations.runbook_url, `docs/runbooks/${alert}.md`);
    for (const text of ["summary", "description", "dashboard"] as const)
      assert.ok(annotations[text], `${alert} has no ${text}`);
  }
});

test("a page says whether data is being lost, where to look, what to do and what not", () => {
  for (const file of readdirSync(RUNBOOKS)) {
    const text = readFileSync(join(RUNBOOKS, file), "utf8");
    for (const part of [
      "**Meaning.**",
      "**Is data being lost right now?**",
      "**Do not.**",
      "## Look",
      "## Likely causes",
      "## Do\n",
      "## Check that it worked",
      "## If nothing helps",
    ])
      assert.ok(text.includes(part), `${file} has no ${part}`);
    const commands = [...text.matchAll(/^```console\n(.*?)\n```$/gms)].flatMap(([, block = ""]) => block.split("\n"));
    assert.ok(commands.length > 0, file);
    for (const line of commands.filter((one) => one.startsWith("spillway "))) assertKnown(file, line);
    for (const [, metric = ""] of text.matchAll(/`(spillway_\w+)/g)) {
      assert.ok(
        METRICS.some(({ name }) => name === metric),
        `${metric} in ${file}`,
      );
    }
  }
});

function assertKnown(file: string, line: string): void {
  const [name, ...words] = line.split(" ").slice(1);
  let command: Omit<Command, "group"> | undefined = COMMANDS.find((one) => one.name === name);
  assert.ok(command, `${file}: ${line}`);
  command = command.commands?.find((one) => one.name === words[0]) ?? command;
  const flags = command.options.flatMap((option) => option.flags.split(/[ ,]+/));
  for (const word of words.filter((one) => one.startsWith("-"))) assert.ok(flags.includes(word), `${file}: ${line}`);
}

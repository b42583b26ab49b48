// The worked examples of docs/policies.md: their ladders load, their scripts work with the documents that spillway really sends,
// and the document shown on the page is the one that is sent.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCommand } from "../../../src/agent/notify/command.ts";
import { type Step, notification } from "../../../src/agent/notify/notification.ts";
import { loadText } from "../../../src/config/load.ts";
import type { Rung } from "../../../src/core/options.ts";
import { ROOT } from "../../helpers/tree.ts";
import { sampleFacts } from "../../ops/sample-facts.ts";

const PAGE = readFileSync(join(ROOT, "docs/policies.md"), "utf8");
const RUNG: Rung = { action: "block", enter: 0.7, leave: 0.6, notify: undefined, until: undefined };
const folder = mkdtempSync(join(tmpdir(), "spillway-examples-"));
after(() => rmSync(folder, { recursive: true }));

function block(name: string): string {
  const found = new RegExp(`<!-- ${name} -->\n\`\`\`\\w+\n(.*?)\`\`\`\n<!-- end -->`, "s").exec(PAGE)?.[1];
  assert.ok(found, `docs/policies.md has no block ${name}`);
  return found;
}

function sent(step: Step): Record<string, unknown> {
  const subject = { step, policy: "default", rung: RUNG, number: 1, sinceMs: 0, forMs: 60_000 };
  return notification(subject, { host: "web-17", nowMs: 60_000, facts: sampleFacts() });
}

async function tell(program: string, step: Step): Promise<void> {
  const outcome = await runCommand([program], `${JSON.stringify(sent(step))}\n`, new AbortController().signal);
  assert.deepEqual(outcome, { arrived: "yes", says: "exit code 0", printed: "" });
}

function install(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o755 });
  return file;
}

test("the document is the one that is sent", () => {
  const shown = JSON.parse(/```json\n(\{\n {2}"event".*?)```/s.exec(PAGE)?.[1] ?? "{}") as Record<string, object>;
  const real = sent("entered");
  assert.deepEqual(Object.keys(shown), Object.keys(real));
  for (const key of ["now", "output"]) {
    assert.deepEqual(Object.keys(shown[key] ?? {}), Object.keys(real[key] as object));
  }
});

test("the ladders load, and the programs of the examples are those of the scripts", () => {
  for (const name of ["scale", "slow"]) {
    const text = `${block(`ladder: ${name}`)}\ninputs: [{ id: a, paths: [/a] }]\n`;
    const { config, warnings } = loadText("x.yml", text, { env: { PAGER_URL: "https://pager.example.com/x" } });
    const told = config.policies["default"]?.map(({ notify }) => notify);
    const program = { scale: "/usr/local/bin/scale-ingest", slow: "/usr/local/bin/log-less" }[name] as string;
    assert.deepEqual(told?.[0], { command: [program] });
    // The program is not installed on this machine.
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["program-missing"],
    );
  }
});

test("scale consumers: more while the rung is in force, the usual number when it is left", async () => {
  const called = join(folder, "called");
  install("kubectl", `#!/bin/sh\necho "$@" > ${called}\n`);
  const script = install("scale-ingest", block("script: scale-ingest").replace("kubectl", join(folder, "kubectl")));
  const words = (): string => readFileSync(called, "utf8").trim();
  await tell(script, "entered");
  assert.equal(words(), "--namespace logging scale statefulset/ingest --replicas=6");
  await tell(script, "left");
  assert.equal(words(), "--namespace logging scale statefulset/ingest --replicas=2");
});

test("slow producers: the file is there while the rung is in force", async () => {
  const run = join(folder, "run");
  mkdirSync(run);
  const script = install("log-less", block("script: log-less").replaceAll("/run/app", run));
  await tell(script, "entered");
  assert.ok(existsSync(join(run, "log-less")));
  await tell(script, "left");
  assert.ok(!existsSync(join(run, "log-less")));
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { join } from "node:path";
import { promisify } from "node:util";
import { LineStore, Tally, numberIn } from "../../bench/race/tally.ts";
import { AccessLines } from "../../src/sandbox/access-lines.ts";
import { ROOT } from "../helpers/tree.ts";

const LINES = 3000;

test("a race of spillway alone: each line arrives once, and what is not on the PATH is skipped in a line", async () => {
  const args = [join(ROOT, "bench/race.ts"), "--lines", String(LINES), "--rounds", "1"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, PATH: "/nowhere" } });
  const lines = stdout.trimEnd().split("\n");
  assert.match(lines[0] as string, /^3,000 lines, 1 MB, to the sandbox; \d+ cores$/);
  assert.deepEqual(
    lines.slice(1, 6).map((line) => line.split(",")[0]),
    ["rsyslog", "fluent-bit", "vector", "filebeat", "otelcol"].map((name) => `${name}: skipped`),
  );
  assert.match(lines[6] as string, /^ +lines\/s +CPU s +lines\/CPU s +peak MiB$/);
  assert.match(lines[7] as string, /^spillway +[\d,]+ +\d+\.\d\d +[\d,]+ +\d+ {2}each line once$/);
  assert.equal(lines.length, 8);
});

test("the tally finds a missing line, a repeated line, and documents with no line of the file", () => {
  const store = new LineStore();
  const put = (text: string): void => {
    // The number of the next document is no number of this one.
    const body = Buffer.from(`{"create":{}}\n${text}\n{"create":{}}\n{"message":"seq=000000000000"}\n`);
    const docFrom = body.indexOf(text);
    store.put("i", { body, idFrom: 0, idTo: 0, docFrom, docTo: docFrom + text.length });
  };
  const document = (line: number): string =>
    JSON.stringify({ message: new AccessLines().lines(line, 1, 0).toString("latin1").trimEnd() });
  store.tally = new Tally(3);
  for (const line of [0, 2]) put(document(line));
  assert.equal(String(store.tally), "1 missing, 0 too many");
  put(document(1));
  assert.ok(store.tally.isComplete);
  assert.equal(String(store.tally), "each line once");
  for (const text of [document(2), document(3), "{}"]) put(text);
  assert.equal(String(store.tally), "0 missing, 3 too many");
  assert.ok(!store.tally.isComplete);
  assert.equal(store.count(), 6);
  assert.deepEqual([numberIn(document(2)), numberIn("{}")], [2, NaN]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, firstSteps } from "../../../src/policy/simulate/columns.ts";
import { document } from "../../../src/policy/simulate/document.ts";
import { renderSvg } from "../../../src/policy/simulate/render-svg.ts";
import { renderText } from "../../../src/policy/simulate/render-text.ts";
import { simulate } from "../../../src/policy/simulate/simulate.ts";
import { DEFAULT } from "../ladders.ts";
import { ARTICLE } from "./scene.ts";

const MIB = 2 ** 20;
const overload = simulate({
  ...ARTICLE,
  policy: 'a <b> & "c"',
  ladder: DEFAULT,
  named: 64 * MIB,
  consume: [{ rate: 1000, forMs: Infinity }],
});

test("columns keep every peak and every record", () => {
  for (const width of [1, 7, 62, 360, 1000]) {
    const drawn = columns(overload.series, width);
    assert.equal(drawn.length, Math.min(width, overload.series.length));
    assert.equal(Math.max(...drawn.map((point) => point.utilization)), overload.peak);
    assert.equal(
      drawn.reduce((sum, point) => sum + point.written, 0),
      overload.account.written,
    );
    assert.deepEqual([drawn[0]?.fromMs, drawn.at(-1)?.toMs], [0, 3_600_000]);
  }
});

test("the first step to each action, in order", () => {
  assert.deepEqual(
    firstSteps(overload).map(({ to }) => to),
    ["block", "sample", "drop-oldest"],
  );
});

for (const width of [40, 80, 120]) {
  test(`the plot fits ${width} columns of plain ASCII`, () => {
    const plot = renderText(overload, width)
      .split("\n")
      .filter((line) => /^ +\d+\||^ {4}\+-|^rung/.test(line));
    assert.ok(plot.length > 10);
    for (const line of plot) assert.match(line, /^[ -~]*$/);
    assert.ok(Math.max(...plot.map((line) => line.length)) <= width);
  });
}

test("each rung has its line, at its mark", () => {
  const lines = renderText(overload, 80).split("\n");
  for (const { action, enter } of DEFAULT) {
    const line = lines.find((text) => text.endsWith(`| ${action}`));
    assert.match(line ?? "", new RegExp(`^ *${enter * 100}\\|[-#]+\\|`));
  }
  const strip = lines.find((line) => line.startsWith("rung "))?.slice(5) ?? "";
  assert.match(strip, /^\.+b+S+D+$/);
});

test("the ledger in the text adds up", () => {
  const rows = renderText(overload, 80).matchAll(/^ ([ =+]) ([a-z ()]+?)  +([\d,]+) /gm);
  const numbers = [...rows].map(([, sign, , n]) => ({ sign, n: Number(n?.replaceAll(",", "")) }));
  const [written, ...parts] = numbers;
  assert.equal(written?.n, 36_000_000);
  assert.equal(
    parts.reduce((sum, part) => sum + part.n, 0),
    written?.n,
  );
});

test("the picture is one file: no scripts, links or fonts, both schemes, names escaped", () => {
  const svg = renderSvg(overload);
  assert.doesNotMatch(svg, /<script|href|url\(|@import|@font-face|NaN|undefined|Infinity/);
  assert.equal(svg.match(/https?:/g)?.length, 1, "only the namespace");
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.match(svg, /ladder a &lt;b&gt; &amp; &quot;c&quot;/);
  for (const { action, enter } of DEFAULT) assert.ok(svg.includes(`>${Math.round(enter * 100)} % ${action}<`));
});

test("every element of the picture is closed", () => {
  const open: string[] = [];
  for (const [, close, name, self] of renderSvg(overload).matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (close) assert.equal(open.pop(), name);
    else if (!self) open.push(name as string);
  }
  assert.deepEqual(open, []);
});

test("the document has the ledger of /status and nothing that JSON cannot say", () => {
  const doc = JSON.parse(JSON.stringify(document(overload)));
  const { read, delivered, sampled, dropped, buffered, balance } = doc.ledger;
  assert.deepEqual(balance, { records: 0, bytes: 0 });
  const shed = dropped.oldest.records + dropped.newest.records + dropped.random.records + dropped.rate.records;
  assert.equal(read.records, delivered.records + sampled.records + shed + buffered.records);
  assert.equal(read.bytes, read.records * 200);
  assert.equal(doc.written.records, read.records + doc.lag_bytes / 200);
  assert.deepEqual(doc.options.consume, [{ records_per_second: 1000, seconds: null }]);
  assert.equal(doc.series.length, 360);
  assert.equal(JSON.stringify(document(overload)).includes('null,"utilization'), false);
});

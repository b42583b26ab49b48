import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { diskBudget } from "../../src/buffer/budget/limits.ts";
import { main } from "../../src/cli/main.ts";
import { COMMANDS } from "../../src/cli/program/commands.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-simulate-"));
after(() => rmSync(directory, { recursive: true }));
const config = join(directory, "spillway.yml");
writeFileSync(
  config,
  `
inputs:
  - { id: web, paths: ["/var/log/web/*.log"] }
  - { id: audit, paths: ["/var/log/audit/*.log"], policy: audit }
buffer: { memory: 16MiB, disk: 64MiB, shares: { audit: 25% } }
policies:
  default: [{ action: drop-oldest, enter: 90%, leave: 80% }]
  audit: [{ action: block, enter: 80%, leave: 70% }]
output: { hosts: ["http://127.0.0.1:9200"] }
`,
);

async function call(...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const plain = (_: string, text: string): string => text;
  const code = await main(
    ["simulate", ...(words.includes("-c") ? [] : ["-c", config]), ...words],
    {
      out: (text) => (out += `${text}\n`),
      err: (text) => (err += `${text}\n`),
      paintOut: plain,
      paintErr: plain,
      isTty: false,
      columns: 80,
      json: words.includes("--json"),
    },
    COMMANDS,
  );
  return { code, out, err };
}

test("plots the first ladder in use", async () => {
  const { code, out, err } = await call("--for", "10m");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /in 10,000\/s, out 5,000\/s, for 10m00s/);
  // 3/4 of the space that a disk budget of 64 MiB leaves for rows.
  assert.match(out, /ladder default: 34 MiB/);
  assert.match(out, /dropped \(oldest\) +[1-9]/);
});

test("another ladder has its own share, and steps are taken", async () => {
  const produce = ["--produce", "10000/s:1m,0/s"] as const;
  const { code, out } = await call("--policy", "audit", ...produce, "--for", "5m", "--json");
  assert.equal(code, 0);
  const doc = JSON.parse(out);
  assert.ok(Math.abs(doc.options.budget_bytes - diskBudget(64 * 2 ** 20).rows / 4) <= 1);
  assert.equal(doc.written.records, 600_000);
  assert.deepEqual([doc.ledger.delivered.records, doc.lag_bytes], [600_000, 0]);
  assert.equal(typeof doc.version, "string");
});

test("draws into a file", async () => {
  const file = join(directory, "picture.svg");
  assert.equal((await call("--for", "1m", "--svg", file)).code, 0);
  assert.match(readFileSync(file, "utf8"), /^<svg /);
});

test("the page of policies shows what its command prints", async () => {
  writeFileSync(
    join(directory, "least.yml"),
    `{ inputs: [{ id: web, paths: ["/var/log/*.log"] }], output: { hosts: ["http://127.0.0.1:9200"] } }`,
  );
  const page = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
  const [, words, block] = /\$ spillway simulate (--set [^\n]*)\n.*?```text\n(.*?)```/s.exec(page) ?? [];
  const { out } = await call("-c", join(directory, "least.yml"), ...(words ?? "").split(" "));
  assert.equal(out, block);
});

const wrong: readonly (readonly [words: readonly string[], sentence: RegExp])[] = [
  [["--produce", "10000"], /--produce is `10000`, needs lines a second/],
  [["--consume", "5000/s:10,2/s"], /--consume is `5000\/s:10,2\/s`, needs lines a second/],
  [["--policy", "adit"], /no input uses a policy adit; did you mean audit\?/],
  [["--for", "0s"], /--for is `0s`, needs more than 0/],
  [["--line", "200"], /--line is `200`, a size without a unit/],
  [["--always", "120%"], /--always is `120%`, above 100%/],
  [["--svg", join(directory, "no", "x.svg")], /could not write .*x\.svg/],
];
for (const [words, sentence] of wrong) {
  test(`refused: ${words[0]} ${words[1]?.split("/").at(-1)}`, async () => {
    const { code, out, err } = await call(...words);
    assert.deepEqual([code, out], [64, ""]);
    assert.match(err, sentence);
  });
}

// Sends records that a time-out has ended, kills the agent before the checkpoint behind them is durable, and appends more text.
// The document already sent under the first byte's id must stay as it is, and the rest must become a record of its own.
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { eventually, Workplace } from "../helpers/agent-process.ts";

const cri = (second: number, text: string): string =>
  `${new Date(Date.UTC(2026, 10, 24, 6, 40, second)).toISOString()} stdout F ${text}\n`;
const multiline = { start: "^\\w", timeout: "300ms" };

for (const [name, input, first, more, wanted] of [
  ["a last line without its end", { partial_timeout: "300ms" }, "half", " a line\n", ["half", " a line"]],
  ["a record of several lines", { multiline }, "one\n", " more\n", ["one", " more"]],
  ["the same with a pattern", { exclude_lines: ["drop"], multiline }, "a\n b\n", " c\n", ["a\n b", " c"]],
  ["the same of a container", { format: "cri", multiline }, cri(1, "one"), cri(5, " more"), ["one", " more"]],
] as const) {
  test(`${name}, sent and continued`, async (t) => {
    const place = new Workplace();
    const server = await startSandbox({ keep: "documents" }, systemClock);
    t.after(() => server.stop());
    const path = join(place.logs, "a.log");
    writeFileSync(path, "");
    const inputs = [{ id: "a", paths: [path], ...input }];
    place.configure(server.url, { inputs, output: { batch: { age: "10ms" } } });
    const agent = place.run();
    await agent.url();
    appendFileSync(path, first);
    await eventually("the first record", () => [...server.documents()].length === 1);
    await agent.kill();
    appendFileSync(path, more);
    const last = place.run("--once");
    assert.deepEqual(await last.exited, { code: 0, signal: null }, last.story());
    const found = [...server.documents()].map(({ source }) => source as any);
    assert.deepEqual(
      found.map((source) => [source.log.offset, source.message]),
      [
        [0, wanted[0]],
        [first.length, wanted[1]],
      ],
    );
    assert.deepEqual(place.books().inputs[0]?.account.read, { records: 2, bytes: first.length + more.length });
    place.remove();
  });
}

// VictoriaLogs, which takes `_bulk` requests and knows no ids: the agent ships numbered lines while the server and then the agent
// itself go away. Nothing is missing; only a record whose response was lost can be there twice.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Workplace, eventually } from "../../helpers/agent-process.ts";
import { Numbered } from "../../helpers/numbered.ts";
import { VictoriaLogs, withoutVictoriaLogs } from "../../elasticsearch/victorialogs/server.ts";

const LINES = 5000;

test(
  "VictoriaLogs has every line, through a stop of it and a kill of the agent",
  { skip: withoutVictoriaLogs() },
  async (t) => {
    const server = await VictoriaLogs.start();
    const place = new Workplace();
    t.after(async () => {
      place.remove();
      await server.remove();
    });
    const headers = { "VL-Msg-Field": "message", "VL-Time-Field": "@timestamp", "VL-Stream-Fields": "log.file.path" };
    place.configure(server.url, { output: { headers, batch: { age: "50ms" } } });
    const log = new Numbered();
    const path = join(place.logs, "a.log");
    const first = place.run();
    log.append(path, LINES);
    const { output } = await first.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
    assert.equal(output.server, "victorialogs");

    await server.halt();
    log.append(path, LINES);
    assert.match((await first.hears("output_down")).msg, /ECONNREFUSED/);
    await server.start();
    await first.until("the second lines", ({ ledger }) => ledger.delivered.records === 2 * LINES);
    log.append(path, LINES);
    await first.kill();

    const second = place.run();
    log.append(path, LINES);
    await second.until("all", ({ ledger }) => ledger.delivered.records === 4 * LINES);
    assert.deepEqual(await second.stop(), { code: 0, signal: null });
    // What was stored is found about a second later.
    const numbers = await eventually("every line is found", async () => {
      const found = (await server.messages()).map((message) => Number(/^line (\d+) x*$/.exec(message)?.[1]));
      return new Set(found).size === log.written && found;
    });
    assert.ok(numbers.every((n) => n < log.written));
    // The state has what was stored a second before the kill.
    const twice = numbers.toSorted((a, b) => a - b).filter((n, i, sorted) => n === sorted[i - 1]);
    assert.ok(
      twice.every((n) => n >= LINES && n < 3 * LINES),
      `${twice.length} twice, the first ${twice[0]}`,
    );
  },
);

// `losses backfill` beside a running agent: live data goes first, and files that the agent has rotated and forgotten are found.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Workplace, eventually } from "../../helpers/agent-process.ts";
import { HostileServer } from "../../helpers/hostile-server.ts";
import { COUNT, FIRST, LADDER, TEXT, assertAllOnce } from "./shed.ts";
import { runCommand } from "../run-command.ts";

const CONFLICT = { status: 400, type: "document_parsing_exception", reason: "failed to parse field [x]" };

interface Scene {
  readonly place: Workplace;
  readonly server: HostileServer;
  readonly log: string;
  readonly does: { down: boolean; refuses: (document: string) => boolean };
}

const never = (): boolean => false;

async function scene(t: TestContext): Promise<Scene> {
  const place = new Workplace();
  const does: Scene["does"] = { down: false, refuses: never };
  const server = await HostileServer.start({
    whole: () => (does.down ? { status: 503 } : undefined),
    item: (document) => (does.refuses(document) ? CONFLICT : undefined),
  });
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    place.remove();
  });
  return { place, server, does, log: join(place.logs, "app.log") };
}

const backfill = ({ place }: Scene, ...words: string[]) =>
  runCommand("losses", "backfill", "-c", place.config, ...words);

test("live data goes first: nothing is sent while the agent sheds, and the command says what it waits for", async (t) => {
  const all = await scene(t);
  const { place, server, does, log } = all;
  place.configure(server.url, {
    buffer: { disk: 0 },
    policies: { default: LADDER },
    output: { batch: { age: "50ms" } },
  });
  writeFileSync(log, TEXT.slice(0, FIRST).join(""));
  const agent = place.run();
  const url = new URL(await agent.url());
  const asked = ["--set", `admin.listen=${url.host}`, "--deadline", "1s"];
  await agent.until("the first are delivered", ({ ledger }) => ledger.delivered.records === FIRST);
  does.down = true;
  appendFileSync(log, TEXT.slice(FIRST).join(""));
  await agent.until("it sheds", ({ ledger, policies }) => {
    return ledger.read.records === COUNT && (policies["default"]?.rung ?? 0) > 0;
  });
  await eventually("the losses are durable", async () => {
    return (await runCommand("losses", "list", "-c", place.config)).out.includes("dropped oldest");
  });
  const waits = await backfill(all, ...asked);
  assert.equal(waits.code, 75, waits.out);
  assert.match(waits.err, /^waiting: live data goes first: .+\n.*live data goes first: .+\[backfill-waits\]\n$/);
  assert.equal(server.stored.size, FIRST);
  does.down = false;
  await agent.until("the rest has its fate", ({ ledger }) => ledger.buffered.records === 0);
  await agent.stop();
  const { code, out, err } = await backfill(all, ...asked);
  assert.deepEqual([code, err], [0, ""], out);
  assertAllOnce(server);
});

test("removed dead letters are sent beside the agent, from a file that has another name and is compressed", async (t) => {
  const all = await scene(t);
  const { place, server, does, log } = all;
  place.configure(server.url, {
    inputs: [{ id: "app", paths: [join(place.logs, "*.log")] }],
    output: { batch: { age: "50ms" }, dead_letters: "64KiB" },
  });
  const bad = new Set(
    TEXT.slice(0, 2000)
      .filter((_, i) => i % 4 === 0)
      .map((line) => line.trimEnd()),
  );
  does.refuses = (document) => bad.has(JSON.parse(document).message);
  writeFileSync(log, TEXT.slice(0, 2000).join(""));
  const agent = place.run();
  await agent.until("all have their fate", ({ ledger }) => {
    const { delivered, dead_lettered: dead, dropped } = ledger;
    return (
      delivered.records === 1500 && dead.records + dropped.dead_letter_budget.records === 500 && dead.records < 200
    );
  });
  renameSync(log, join(place.logs, "anything"));
  writeFileSync(join(place.logs, "anything.gz"), gzipSync(readFileSync(join(place.logs, "anything"))));
  rmSync(join(place.logs, "anything"));
  does.refuses = never;
  const { code, out } = await backfill(all);
  assert.equal(code, 0, out);
  assert.match(out, /^\d+ ranges? backfilled: (?:3|4)\d\d records stored/);
  assert.equal((await runCommand("dead-letters", "replay", "-c", place.config)).code, 0);
  assertAllOnce(server, TEXT.slice(0, 2000));
  assert.ok(agent.runs);
  await agent.stop();
  place.books();
});

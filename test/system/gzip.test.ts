// The real agent on files of the real gzip: killed in the middle of a file, and while logs are rotated into compressed files and
// copies. Every line must be stored once.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, renameSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

function gzip(...words: readonly string[]): void {
  const { status, stderr } = spawnSync("gzip", words, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

async function place(
  t: TestContext,
): Promise<{ place: Workplace; server: BulkServer; path: (name: string) => string }> {
  const workplace = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    workplace.remove();
  });
  workplace.configure(server.url);
  return { place: workplace, server, path: (name) => join(workplace.logs, name) };
}

test("killed four times in the middle of a compressed file", async (t) => {
  const { place: workplace, server, path } = await place(t);
  const lines = new Numbered();
  lines.append(path("a.log.1"), 150_000);
  lines.append(path("a.log.2"), 150_000);
  gzip(path("a.log.1"));
  gzip(path("a.log.2"));
  for (const share of [0.2, 0.4, 0.6, 0.8]) {
    const agent = workplace.run();
    await agent.until("a part", ({ ledger }) => ledger.delivered.records + ledger.duplicates.records > share * 300_000);
    await agent.kill();
    workplace.books();
  }
  const last = workplace.run();
  await last.until("the rest", ({ ledger }) => ledger.read.records === lines.written && ledger.buffered.records === 0);
  assert.deepEqual(await last.stop(), { code: 0, signal: null });
  assert.equal(workplace.books().sources.length, 2);
  lines.assertStored(server);
});

test("rotated into compressed files and copies, killed and stopped between", async (t) => {
  const { place: workplace, server, path } = await place(t);
  const lines = new Numbered();
  const log = path("a.log");
  const ways = {
    rename: () => renameSync(log, path("a.log.1")),
    copytruncate: () => {
      copyFileSync(log, path("a.log.1"));
      truncateSync(log, 0);
    },
  };
  let agent = workplace.run();
  await agent.url();
  for (let round = 0; round < 8; round++) {
    lines.append(log, 3000 + round);
    if (round % 2 === 0) await agent.until("all so far", (status) => status.ledger.read.records === lines.written);
    for (let n = round; n > 0; n--) renameSync(path(`a.log.${n}.gz`), path(`a.log.${n + 1}.gz`));
    // In odd rounds, lines may be rotated before the agent has read them. A copy of unread content is a new file.
    ways[round % 4 < 2 ? "rename" : "copytruncate"]();
    // Copies of less than 1 KiB are not recognised.
    lines.append(log, 20);
    if (round % 3 === 1) await agent.kill();
    if (round % 3 === 2) assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    gzip(path("a.log.1"));
    if (round % 3 > 0) agent = workplace.run();
    await agent.url();
  }
  await agent.until("all", ({ ledger }) => ledger.read.records === lines.written && ledger.buffered.records === 0);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  workplace.books();
  lines.assertStored(server);
});

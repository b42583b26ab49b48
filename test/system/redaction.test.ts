// A redacted secret must appear nowhere: not in the rows of an outage, the WAL left by a kill, dead letters, the agent's
// output, or a document. Searches every byte of the state directory, and unpacks what is compressed in it.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { openForReading } from "../../src/buffer/spool/database.ts";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../src/sandbox/faults.ts";
import { Workplace, eventually } from "../helpers/agent-process.ts";

const SECRET = "4929123456781234";
const REDACT = ["\\d{16}", "(?<=password=)\\S+"];
const LINES = 2000;
/** Lines of each file that the server refuses, in the middle of the file. */
const REFUSED = 10;

/** By input id: the input's own settings, and a function that makes a line with this message. */
const INPUTS: Readonly<Record<string, readonly [object, (message: string) => string]>> = {
  text: [{}, (message) => message],
  multiline: [{ multiline: { start: "^card" } }, (message) => `${message}\n  password=${SECRET}`],
  cri: [{ format: "cri" }, (message) => `2026-11-24T06:40:12Z stdout F ${message}`],
  json: [{ format: "json" }, (message) => JSON.stringify({ message })],
};

function message(n: number): string {
  return `card ${SECRET} password=${SECRET} ${n}${n >= 1000 && n < 1000 + REFUSED ? " refused" : ""}`;
}

/** First checks that no file contains the secret. @returns the stored messages, decompressed */
function stored(state: string): string {
  for (const file of readdirSync(state, { recursive: true, encoding: "utf8" }))
    assert.ok(!readFileSync(join(state, file)).includes(SECRET), `a secret is in ${file}`);
  const db = openForReading(state);
  assert.ok(db !== undefined);
  try {
    const bodies = db.prepare("SELECT codec, data FROM bodies").all() as { codec: number; data: Buffer }[];
    const letters = db.prepare("SELECT body, reason FROM dead_letters").all() as { body: Buffer; reason: string }[];
    const texts = bodies.map(({ codec, data }) => (codec === 0 ? data : zstdDecompressSync(data)).toString());
    return [...texts, ...letters.map(({ body, reason }) => `${body.toString()} ${reason}`)].join("\n");
  } finally {
    db.close();
  }
}

test("what is redacted is never stored", async (t) => {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents", faults: parseFaults("down") }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const inputs = Object.entries(INPUTS).map(([id, [changes, line]]) => {
    const path = join(place.logs, `${id}.log`);
    writeFileSync(path, Array.from({ length: LINES }, (_, n) => `${line(message(n))}\n`).join(""));
    return { id, paths: [path], redact: REDACT, ...changes };
  });
  place.configure(server.url, { inputs, output: { batch: { age: "50ms" } } });
  const all = LINES * inputs.length;

  const first = place.run();
  await first.until("all but what may go on", ({ ledger }) => ledger.read.records >= all - 1);
  await eventually("rows of all", () => place.books().rows.records >= all - 1);
  await first.kill();
  const rows = stored(place.state);
  assert.ok((rows.match(/card \*\*\* password=\*\*\* \d+/g) ?? []).length >= all - 1);
  assert.ok(!rows.includes(SECRET));
  assert.ok(readdirSync(place.state).includes("state.db-wal"));

  await server.change(parseFaults("mapping=refused"));
  const second = place.run("--once");
  assert.deepEqual(await second.exited, { code: 0, signal: null }, second.story());
  const letters = stored(place.state);
  assert.equal(letters.match(/card \*\*\* password=\*\*\* \d+ refused/g)?.length, REFUSED * inputs.length);
  assert.ok(!letters.includes(SECRET));
  const documents = JSON.stringify(server.documents());
  assert.equal(server.store.count(), all - REFUSED * inputs.length);
  assert.ok(documents.includes("password=***") && !documents.includes(SECRET));
  for (const { log, said } of [first, second]) assert.ok(!JSON.stringify([log, said]).includes(SECRET));
});

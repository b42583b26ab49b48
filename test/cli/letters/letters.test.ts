// Dead letters of a real agent that keeps running beside the commands: replayed, purged and exported. The server refuses some
// documents until its mapping is fixed, and remembers what it has stored.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type AgentProcess, Workplace, eventually } from "../../helpers/agent-process.ts";
import { deadLetters } from "../../../src/cli/dead-letters.ts";
import { REPLAY } from "../../../src/buffer/ledger/sent-again.ts";
import { DELIVERED } from "../../../src/core/fate.ts";
import { HostileServer } from "../../helpers/hostile-server.ts";
import { runCommand } from "../run-command.ts";

const CONFLICT = { status: 400, type: "document_parsing_exception", reason: "failed to parse field [x]" };

let place: Workplace;
let server: HostileServer;
let agent: AgentProcess;

before(async () => {
  place = new Workplace();
  server = await HostileServer.start({
    item: (document) => (document.includes("bad") ? CONFLICT : undefined),
  });
  place.configure(server.url, {
    inputs: [
      {
        id: "text",
        paths: [join(place.logs, "*.log")],
        fields: { "service.name": "s" },
        timestamp: { format: "%Y-%m-%dT%H:%M:%SZ" },
      },
      { id: "json", paths: [join(place.logs, "*.json")], format: "json", index: "logs-json" },
    ],
    output: { batch: { age: "50ms" }, compression: "none" },
  });
  appendFileSync(
    join(place.logs, "a.log"),
    '2026-01-02T03:04:05Z ERROR bad one\n2026-01-02T03:04:06Z good\n\nbad "two"\n',
  );
  appendFileSync(join(place.logs, "a.json"), `{"level":"warn","n":1,"text":"bad three"}\n{"text":"good"}\n`);
  agent = place.run();
  await agent.until(
    "all are settled",
    ({ ledger }) => ledger.delivered.records === 2 && ledger.dead_lettered.records === 3,
  );
  await eventually("the letters are durable", async () => (await listed()).length === 3);
});
after(async () => {
  await agent.stop();
  await server[Symbol.asyncDispose]();
  place.remove();
});

const command = (...words: string[]) => runCommand("dead-letters", ...words, "-c", place.config);
const listed = async (): Promise<{ id: number; source: string; offset: number; input: string }[]> =>
  JSON.parse((await command("list", "--json")).out).dead_letters;
const counts = async (): Promise<unknown> => {
  const {
    dead_lettered: dead,
    delivered,
    dropped,
    balance,
  } = (await eventually("a status", () => agent.status())).ledger;
  return [dead, delivered, dropped, balance];
};

test("a command that changes something says in its help what it does with which numbers", () => {
  const changing = deadLetters.commands?.filter(({ args }) => args?.[0]?.name === "[id...]") ?? [];
  assert.deepEqual(
    changing.map(({ name }) => name),
    ["replay", "purge", "export"],
  );
  for (const { name, examples } of changing)
    assert.ok(examples.every(([line]) => line.includes(`dead-letters ${name}`)));
});

test("export: each with its record, the oldest first, as one document a line", async () => {
  const { code, out } = await command("export");
  assert.equal(code, 0);
  const letters = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    letters.map(({ body }) => body).sort(),
    ["2026-01-02T03:04:05Z ERROR bad one", 'bad "two"', '{"level":"warn","n":1,"text":"bad three"}'].sort(),
  );
  assert.deepEqual(
    letters.map(({ id }) => id),
    [1, 2, 3],
  );
  const { out: one } = await command("export", "--input", "json");
  assert.deepEqual([one.trimEnd().split("\n").length, JSON.parse(one).input], [1, "json"]);
});

test("replay before the cause is mended: all stay, and the command says why", async () => {
  const { code, out } = await command("replay");
  assert.equal(code, 75);
  assert.match(
    out,
    /^0 dead letters stored; earlier counts stay as they are\n3 refused again, and kept: 400 document_parsing_exception/,
  );
  assert.equal((await listed()).length, 3);
});

test("replay afterwards: the same id, index, time, level and fields, no count moves, and nothing is there twice", async () => {
  const before = await counts();
  const letters = await listed();
  server.does.item = undefined;
  const text = letters.filter(({ input }) => input === "text").map(({ id }) => String(id));
  const first = await command("replay", ...text, "--json");
  assert.deepEqual([first.code, JSON.parse(first.out).stored, (await listed()).length], [0, 2, 1]);
  const rest = await command("replay", "--json");
  assert.deepEqual([rest.code, JSON.parse(rest.out).stored, await listed()], [0, 1, []]);
  for (const { source, offset, input } of letters) {
    const index = input === "json" ? "logs-json" : "logs";
    assert.ok(server.stored.has(`${index}/${source}-${offset}`), `${input} ${offset}`);
  }
  assert.equal(server.stored.size, 5);
  const documents = [...server.stored.values()].map((document) => JSON.parse(document));
  const one = documents.find(({ message }) => message?.includes("bad one"));
  assert.deepEqual(
    [one["@timestamp"], one.log.level, one.service.name, one.event.dataset, one.log.offset],
    ["2026-01-02T03:04:05.000Z", "error", "s", "text", 0],
  );
  const three = documents.find(({ text }) => text === "bad three");
  assert.deepEqual([three.level, three.n, three.log.level, three.event.dataset], ["warn", 1, "warn", "json"]);
  assert.deepEqual(await counts(), before);
  const { out } = await runCommand("inspect", "-c", place.config, "--json");
  assert.deepEqual([JSON.parse(out).dead_letters.documents, JSON.parse(out).violations], [0, []]);
  const again = place.books().inputs.find(({ input }) => input === REPLAY)?.account;
  assert.deepEqual(again?.fates[DELIVERED], again?.read, "counted as read again by a pseudo-input");
  assert.equal(again?.read.records, 3);
});

test("numbers that are not in the list are named, after the others are done", async () => {
  for (const name of ["replay", "purge", "export"]) {
    const { code, err } = await command(name, "888888", "999999");
    assert.deepEqual([name, code], [name, 64]);
    assert.match(err, /there is no dead letter 888888, 999999 in /);
  }
});

test("purge: only what is named goes, and no count moves; the agent keeps on using the table", async () => {
  server.does.item = (document) => (document.includes("bad") ? CONFLICT : undefined);
  appendFileSync(join(place.logs, "a.log"), "bad four\nbad five\nbad six\n");
  await eventually("three more", async () => (await listed()).length === 3);
  const before = await counts();
  await agent.until("three in its status", ({ output }) => output.dead_letters.records === 3);
  const [newest] = await listed();
  assert.equal((await command("purge")).code, 64);
  const one = await command("purge", String(newest?.id), "999");
  assert.match(one.out, /^1 dead letter purged/);
  assert.match(one.err, /there is no dead letter 999 in /);
  assert.equal((await listed()).length, 2);
  const all = JSON.parse((await command("purge", "--all", "--json")).out);
  assert.deepEqual([all.purged, await listed(), await counts()], [2, [], before]);
  await agent.until("none in its status", ({ output }) => output.dead_letters.records === 0);
  appendFileSync(join(place.logs, "a.log"), "bad seven\n");
  const [next] = await eventually("one more", async () => ((found) => found.length === 1 && found)(await listed()));
  assert.ok((next?.id ?? 0) > (newest?.id ?? 0), "numbers are not used again");
});

test("a server that is away is said, and nothing is lost", async () => {
  const { code, err } = await command("replay", "--set", "output.hosts=http://127.0.0.1:1");
  assert.notEqual(code, 0);
  assert.match(err, /127\.0\.0\.1:1/);
  assert.equal((await listed()).length, 1);
});

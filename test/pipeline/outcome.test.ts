// The effect of each response, with a server that sends it over a socket.
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { DEAD, DELIVERED, DROPPED_LETTER, DUPLICATE } from "../../src/core/fate.ts";
import { lines } from "../buffer/running.ts";
import { type Hostile, HostileServer, type ItemError, type Misdeed } from "../helpers/hostile-server.ts";
import { until } from "./line.ts";
import { Shipping, to } from "./shipping.ts";

const SHARDS: ItemError = {
  status: 400,
  type: "validation_exception",
  reason:
    "Validation Failed: 1: this action would add [2] shards, but this cluster currently has [1]/[1] maximum shards open;",
};
const STRANGE: ItemError = { status: 400, type: "strange_exception", reason: "nobody has ever seen this" };
const MAPPING: ItemError = { status: 400, type: "document_parsing_exception", reason: "failed to parse field [n]" };

for (const [name, error] of [
  ["a shard limit", SHARDS],
  ["an error that nobody knows", STRANGE],
  ["a write block", { status: 403, type: "cluster_block_exception" }],
  ["a full disk", { status: 429, type: "cluster_block_exception" }],
  ["missing rights", { status: 403, type: "security_exception" }],
  [
    "a missing template",
    { status: 400, type: "illegal_argument_exception", reason: "no matching index template found" },
  ],
] as const) {
  test(`${name} refuses no document: all of them arrive when it is over`, async () => {
    const does: Hostile = { item: (_, { index }) => (index === "bad" ? error : undefined) };
    await using ship = await Shipping.start({ does });
    for (let i = 0; i < 20; i++) ship.line.add(lines(10 * i, 10), to("bad"));
    ship.line.add(lines(1000, 10), to("good"));
    await until(() => ship.line.fate(DELIVERED, "good") === 10, "another index goes on");
    const from = ship.clock.now();
    await until(() => ship.clock.now() - from > 40_000, "40 seconds");
    assert.equal(ship.line.fate(DEAD, "bad"), 0);
    does.item = undefined;
    await ship.settled();
    assert.deepEqual([ship.line.fate(DEAD, "bad"), ship.server.count("bad")], [0, 200]);
    const stored = ship.line.fate(DELIVERED, "bad") + ship.line.fate(DUPLICATE, "bad");
    assert.equal(stored, 200);
  });
}

for (const [type, reason] of [
  ["x_content_parse_exception", "[1:1] unexpected character"],
  ["illegal_argument_exception", "Malformed action/metadata line [1], expected START_OBJECT"],
  ["action_request_validation_exception", "Validation Failed: 1: no requests added;"],
] as const)
  test(`400 ${type} for all bodies, as behind a proxy that changes them: no document is refused, it is said, all arrive`, async () => {
    const does: Hostile = { whole: () => ({ status: 400, body: { error: { type, reason } } }) };
    await using ship = await Shipping.start({ does });
    for (let i = 0; i < 20; i++) ship.line.add(lines(10 * i, 10), to("a"));
    const from = ship.clock.now();
    await until(() => ship.clock.now() - from > 60_000, "a minute");
    assert.equal(ship.line.fate(DEAD, "a"), 0);
    const said = [...ship.heard("output_stalled"), ...ship.heard("output_down")];
    assert.ok(
      said.some((line) => line.includes(type)),
      said.join(),
    );
    does.whole = undefined;
    await ship.settled();
    assert.deepEqual([ship.line.fate(DEAD, "a"), ship.server.count("a")], [0, 200]);
  });

const HTML = { "content-type": "text/html" };
/** Every way in which a whole request can go wrong, by the words of bulk-contract.test.ts where a real server does it. */
const MISDEEDS: Readonly<Record<string, Misdeed>> = {
  "a reset before anything is stored": "reset",
  "a reset after all is stored": "lost",
  "no answer": "hang",
  "an answer that stops after ten bytes": "hangBody",
  "an answer byte by byte": "drip",
  "an answer that breaks off": "half",
  "half of the JSON": "cut",
  "one item too few": "short",
  "an answer after 3 s": { slowMs: 150 },
  "a 200 that is a page": { status: 200, body: "<html>sign in</html>", headers: HTML },
  "a 200 without a body": { status: 200 },
  "a 200 of another service": { status: 200, body: { ok: true } },
  "a 200 whose items are none": { status: 200, body: { errors: true, items: "none" } },
  "a redirect": { status: 301, headers: { location: "http://127.0.0.1:1/" } },
  "a 400 that reads nothing": { status: 400, body: { error: { type: "parse_exception", reason: "unexpected" } } },
  "a 401": { status: 401, body: { error: { type: "security_exception", reason: "missing" } } },
  "a 403 of a proxy": { status: 403, body: "<html>no</html>", headers: HTML },
  "a 404 of a proxy": { status: 404, body: "not found", headers: { "content-type": "text/plain" } },
  "a 408": { status: 408 },
  "a 413": { status: 413 },
  "a 429 that asks for 2 s": { status: 429, body: {}, headers: { "retry-after": "2" } },
  "a breaker's 429": { status: 429, body: { error: { type: "circuit_breaking_exception", reason: "Data too large" } } },
  "a 500": { status: 500, body: { error: { type: "null_pointer_exception", reason: "" } } },
  "a gateway's 502": { status: 502, body: "<html>bad gateway</html>", headers: HTML },
  "a 503": { status: 503 },
  "a 504": { status: 504 },
};
for (const [name, misdeed] of Object.entries(MISDEEDS)) {
  test(`${name}, five times: each line is stored once, and none is refused`, async () => {
    await using ship = await Shipping.start({ does: { whole: ({ number }) => (number < 5 ? misdeed : undefined) } });
    for (let i = 0; i < 10; i++) ship.line.add(lines(20 * i, 20), to(i % 2 === 0 ? "a" : "b"));
    await ship.settled();
    assert.equal(ship.server.stored.size, 200);
    for (const index of ["a", "b"]) {
      assert.equal(ship.server.count(index), 100);
      assert.equal(ship.line.fate(DELIVERED, index) + ship.line.fate(DUPLICATE, index), 100);
      assert.equal(ship.line.fate(DEAD, index), 0);
    }
    assert.equal(ship.delivery.metrics.unexpectedDuplicates, 0);
  });
}

test("a proxy that replaces the server's answers: what was stored is found there again, and nobody else is suspected", async () => {
  const does: Hostile = { whole: () => ({ instead: "<html>sign in</html>" }) };
  await using ship = await Shipping.start({ does });
  ship.line.add(lines(0, 100), to("a"));
  await until(() => ship.server.requests.length > 0, "it has them");
  does.whole = undefined;
  await ship.settled();
  assert.deepEqual([ship.line.fate(DUPLICATE, "a"), ship.delivery.metrics.unexpectedDuplicates], [100, 0]);
});

for (const [name, error] of [
  ["a shard limit", SHARDS],
  ["an error that nobody knows", STRANGE],
] as const)
  test(`${name} for the only index: the output is not up until something is stored, beside another index it is`, async () => {
    const does: Hostile = { item: (_, { index }) => (index === "bad" ? error : undefined) };
    await using ship = await Shipping.start({ does });
    ship.line.add(lines(0, 10), to("bad"));
    await until(() => ship.heard("output_stalled").length === 1, "it is said");
    await until(() => !ship.delivery.status.reachable, "it is not up");
    ship.line.add(lines(100, 10), to("good"));
    await until(() => ship.delivery.status.reachable, "another index takes something");
    does.item = undefined;
    await ship.settled();
    assert.equal(ship.delivery.status.reachable, true);
  });

test("documents with an error that nobody knows are dead letters when the index stores others, and the first is slow", async () => {
  const does: Hostile = { item: (document) => (document.includes("line 7.") ? STRANGE : undefined) };
  await using ship = await Shipping.start({ does });
  const from = ship.clock.now();
  ship.line.add("line 5.\nline 7.\nline 9.\n", to("a"));
  for (let i = 0; ship.line.fate(DEAD, "a") === 0 && i < 200; i++) {
    ship.line.add(lines(1000 + i, 1), to("a"));
    const seen = ship.server.requests.length;
    await until(() => ship.line.fate(DEAD, "a") === 1 || ship.server.requests.length > seen, "another try");
  }
  await ship.settled();
  assert.equal(ship.line.fate(DEAD, "a"), 1);
  assert.ok(ship.clock.now() - from > 300, "tries wait");
  assert.match(ship.heard("documents_refused")[0] ?? "", /a refused 1 document of input a.*400 strange_exception/);
});

test("whatever the share of documents that are refused, they are dead letters, and a body refused whole is an alarm", async () => {
  await using ship = await Shipping.start({ does: { item: () => MAPPING } });
  for (let i = 0; i < 10; i++) ship.line.add(lines(10 * i, 10), to("a"));
  await ship.settled();
  assert.equal(ship.line.fate(DEAD, "a"), 100);
  assert.match(ship.heard("documents_refused")[0] ?? "", /^error .*whole requests were refused/);
});

test("one document that trips the server's breaker for ever becomes a dead letter, with others stored meanwhile", async () => {
  const tripped = { error: { type: "circuit_breaking_exception", reason: "[parent] Data too large" } };
  const does: Hostile = {};
  await using ship = await Shipping.start({ does });
  does.whole = ({ bytes }): Misdeed | undefined => (bytes > 20_000 ? { status: 429, body: tripped } : undefined);
  ship.line.add(`${"x".repeat(20_000)}\n`, to("a"));
  for (let i = 0; ship.line.fate(DEAD, "a") === 0 && i < 2000; i++) {
    ship.line.add(lines(i, 1), to("a"));
    await systemClock.sleep(10);
  }
  await ship.settled();
  assert.equal(ship.line.fate(DEAD, "a"), 1);
});

for (const [name, error] of [
  ["a breaker's 429", { status: 429, type: "circuit_breaking_exception", reason: "[parent] Data too large" }],
  ["a 500", { status: 500, type: "null_pointer_exception", reason: "" }],
] as const)
  test(`several documents that get ${name} each time become dead letters, while others are stored`, async () => {
    const does: Hostile = { item: (document) => (document.includes("bad") ? error : undefined) };
    await using ship = await Shipping.start({ does, output: { timeout: 90_000 }, speed: 50 });
    ship.line.add("bad 1\nbad 2\nline\n", to("a"));
    ship.line.add("bad 3\nline\nbad 4\n", to("a"));
    const from = ship.clock.now();
    let i = 0;
    await until(() => {
      const stored = ship.line.fate(DELIVERED, "a");
      if (ship.clock.now() - from < 55_000) assert.equal(ship.line.fate(DEAD, "a"), 0, "not within a minute");
      if (stored >= i) ship.line.add(lines(i++, 1), to("a"));
      return ship.line.fate(DEAD, "a") === 4;
    }, "all four are decided");
    await ship.settled();
    assert.deepEqual([ship.line.fate(DEAD, "a"), ship.line.fate(DELIVERED, "a")], [4, i + 2]);
  });

test("a node that is ill refuses documents of many chunks: none is a dead letter, all are stored when it is well", async () => {
  const ill: ItemError = { status: 429, type: "circuit_breaking_exception", reason: "[parent] Data too large" };
  const does: Hostile = { item: (document) => (document.includes("ill") ? ill : undefined) };
  await using ship = await Shipping.start({ does, output: { timeout: 90_000 }, speed: 50 });
  for (let i = 0; i < 30; i++) ship.line.add(`ill ${i}\nline ${i}\n`, to("a"));
  const from = ship.clock.now();
  let i = 0;
  await until(() => {
    if (ship.line.fate(DELIVERED, "a") >= i) ship.line.add(lines(i++, 1), to("a"));
    return ship.clock.now() - from > 150_000;
  }, "150 seconds");
  assert.equal(ship.line.fate(DEAD, "a"), 0);
  does.item = undefined;
  await ship.settled();
  assert.equal(ship.line.fate(DEAD, "a"), 0);
});

test("an index that answers 429 to every item is stuck, opens no circuit and keeps no other waiting", async () => {
  const busy: ItemError = { status: 429, type: "es_rejected_execution_exception", reason: "rejected execution" };
  const does: Hostile = { item: (_, { index }) => (index === "bad" ? busy : undefined) };
  await using ship = await Shipping.start({ does });
  for (let i = 0; i < 20; i++) {
    ship.line.add(lines(1000 + 10 * i, 10), to("bad"));
    ship.line.add(lines(10 * i, 10), to("good"));
  }
  await until(() => ship.line.fate(DELIVERED, "good") === 200, "the other index has everything");
  await until(() => ship.heard("output_stalled").length === 1, "it is said");
  assert.match(ship.heard("output_stalled")[0] ?? "", /bad takes nothing: .*429 es_rejected_execution_exception/);
  assert.deepEqual([ship.delivery.circuit, ship.heard("output_down").length], ["closed", 0]);
  does.item = undefined;
  await ship.settled();
});

test("half of the items refused by 429: at least half of what the server takes arrives", async () => {
  let n = 0;
  const busy: ItemError = { status: 429, type: "es_rejected_execution_exception", reason: "rejected execution" };
  // The server takes 1 ms per document. On a loaded machine it takes longer: what counts is how long it really worked.
  let took = 0;
  const since = new Map<number, number>();
  const does: Hostile = {
    whole: ({ docs, number }) => {
      since.set(number, performance.now());
      return { slowMs: docs };
    },
    item: (_, { number }) => {
      took += (performance.now() - (since.get(number) ?? performance.now())) / 1000;
      since.delete(number);
      return n++ % 2 === 0 ? busy : undefined;
    },
  };
  const output = { batch: { bytes: 64 * 1024, records: 100, age: 20 }, concurrency: 1 as const };
  await using ship = await Shipping.start({ does, output, speed: 1 });
  for (let i = 0; i < 15; i++) ship.line.add(lines(100 * i, 100), to("a"));
  const from = performance.now();
  await ship.settled();
  const seconds = (performance.now() - from) / 1000;
  assert.equal(ship.server.count("a"), 1500);
  assert.ok(seconds < 2 * took, `${seconds.toFixed(2)} s, of which the server worked ${took.toFixed(2)} s`);
});

test("a server that takes the first 50 of a body: at most 1.5 bytes are sent for each that is stored, once that is known", async () => {
  const busy: ItemError = { status: 429, type: "es_rejected_execution_exception", reason: "rejected execution" };
  const taken = new Map<number, number>();
  const item: Hostile["item"] = (_, { number }) => {
    const before = taken.get(number) ?? 0;
    if (before === 50) return busy;
    taken.set(number, before + 1);
    return undefined;
  };
  const output = { batch: { bytes: 1 << 20, records: 5000, age: 20 } };
  const memory = { pool: 8 << 20, bodies: 4 << 20 };
  await using ship = await Shipping.start({ does: { item }, output, line: { quotas: memory, memory: 32 << 20 } });
  for (let i = 0; i < 20; i++) ship.line.add(lines(500 * i, 500), to("a"));
  await ship.settled();
  assert.deepEqual([ship.server.count("a"), ship.line.fate(DELIVERED, "a")], [10_000, 10_000]);
  const { requests } = ship.server;
  const known = requests.findIndex(({ docs }) => docs <= 50);
  const sent = requests.slice(known).reduce((sum, { docs }) => sum + docs, 0);
  const stored = [...taken.values()].slice(known).reduce((sum, docs) => sum + docs, 0);
  assert.ok(known <= 4, `${known} large bodies`);
  assert.ok(sent <= 1.5 * stored, `${sent} documents sent for ${stored}`);
});

test("a flood of refused documents is sent about once, each body after a commit has made room for its dead letters", async () => {
  await using ship = await Shipping.start({
    does: { item: () => MAPPING },
    output: { batch: { bytes: 1 << 20, records: 3000, age: 20 } },
    line: { quotas: { pool: 8 << 20, bodies: 4 << 20, deadLetters: 200_000 }, memory: 32 << 20 },
  });
  for (let i = 0; i < 60; i++) ship.line.add(`${"x".repeat(90)}\n`.repeat(500), to("a"));
  await ship.settled();
  assert.equal(ship.line.fate(DEAD, "a") + ship.line.fate(DROPPED_LETTER, "a"), 30_000);
  const sent = ship.server.requests.reduce((sum, { docs }) => sum + docs, 0);
  assert.ok(sent <= 1.5 * 30_000, `${sent} documents sent`);
  assert.match(ship.heard("documents_refused")[0] ?? "", /^error .*whole requests were refused/);
});

test("an unknown error for everything: after five tries single documents probe, it is said, and all arrive when it is over", async () => {
  const does: Hostile = { item: (_, { index }) => (index === "bad" ? STRANGE : undefined) };
  await using ship = await Shipping.start({ does });
  for (let i = 0; i < 10; i++) ship.line.add(lines(10 * i, 10), to("bad"));
  await until(() => ship.server.requests.length >= 12, "twelve tries");
  const sizes = ship.server.requests.map(({ docs }) => docs);
  assert.ok(
    sizes.slice(7).every((docs) => docs === 1),
    sizes.join(" "),
  );
  assert.match(ship.heard("output_stalled")[0] ?? "", /^error .*bad takes nothing: .*400 strange_exception/);
  ship.line.add(lines(1000, 10), to("good"));
  await until(() => ship.line.fate(DELIVERED, "good") === 10, "another index goes on");
  does.item = undefined;
  await ship.settled();
  assert.deepEqual([ship.line.fate(DEAD, "bad"), ship.line.fate(DELIVERED, "bad")], [0, 100]);
  assert.equal(ship.heard("output_recovered").length, 1);
});

test("a document that makes each body unreadable: the search costs two bodies, and then it is tried alone", async () => {
  const error = { error: { type: "x_content_parse_exception", reason: "[1:5] unexpected" } };
  const whole: Hostile["whole"] = (_, body) =>
    body.some((line) => line.includes('line 77"')) ? { status: 400, body: error } : undefined;
  await using ship = await Shipping.start({ does: { whole }, output: { concurrency: 1 } });
  ship.line.add(lines(0, 400), to("a"));
  for (let i = 0; ship.line.fate(DEAD, "a") === 0 && i < 2000; i++) {
    ship.line.add(lines(1000 + i, 1), to("a"));
    await systemClock.sleep(10);
  }
  await ship.settled();
  assert.equal(ship.line.fate(DEAD, "a"), 1);
  const sent = ship.server.requests.reduce((sum, { docs }) => sum + docs, 0);
  const all = ship.server.count("a") + 1;
  assert.ok(sent <= all + 2 * 400 + 20, `${sent} documents sent for ${all}`);
});

test("a document that makes each body unreadable keeps those behind it only until it is a dead letter, with nothing else there", async () => {
  const error = { error: { type: "x_content_parse_exception", reason: "[1:5] unexpected" } };
  const whole: Hostile["whole"] = (_, body) =>
    body.some((line) => line.includes('line 77"')) ? { status: 400, body: error } : undefined;
  await using ship = await Shipping.start({ does: { whole } });
  ship.line.add(lines(0, 400), to("a"));
  await ship.settled();
  assert.deepEqual([ship.line.fate(DEAD, "a"), ship.line.fate(DELIVERED, "a")], [1, 399]);
});

test("documents in the failure store are stored, and counted apart", async () => {
  await using ship = await Shipping.start({ does: { failureStore: true } });
  ship.line.add(lines(0, 10), to("a"));
  await ship.settled();
  assert.deepEqual([ship.line.fate(DELIVERED, "a"), ship.delivery.metrics.failureStored], [10, 10]);
});

for (const takes of [100_000, 1_000_000]) {
  test(`behind a limit of ${takes} bytes at most 1.2 bytes are sent for each that is stored`, async () => {
    const does: Hostile = { whole: ({ bytes }) => (bytes > takes ? { status: 413, body: "" } : undefined) };
    const memory = { pool: 24 << 20, bodies: 12 << 20 };
    const output = { batch: { bytes: 5 << 20, records: 20_000, age: 20 } };
    await using ship = await Shipping.start({ does, output, line: { quotas: memory, memory: 64 << 20 } });
    const text = "x".repeat(900);
    let accepted = 0;
    for (let i = 0; i < takes / 2000; i++) {
      let chunk = "";
      for (let j = 0; j < 100; j++) chunk += `${i} ${j} ${text}\n`;
      ship.line.add(chunk, to("a"));
      if (i % 100 === 99) await ship.settled();
    }
    await ship.settled();
    for (const { bytes } of ship.server.requests) if (bytes <= takes) accepted += bytes;
    assert.equal(ship.line.fate(DEAD, "a"), 0);
    const ratio = ship.server.bytes / accepted;
    // The cost of finding the limit is paid once: 5 + 2.6 + 1.3 MB before the first body is accepted.
    const found = 10.5e6 / accepted;
    assert.ok(ratio <= 1.2 + found, `${ratio.toFixed(2)} bytes for each of ${accepted}`);
    assert.equal(ship.heard("body_too_large").length, 1);
  });
}

test("a request that hangs in one index keeps no other waiting", async () => {
  const does: Hostile = { whole: ({ index }) => (index === "bad" ? "hang" : undefined) };
  await using ship = await Shipping.start({ does, output: { timeout: 90_000, concurrency: 1 }, speed: 20 });
  ship.line.add(lines(0, 10), to("bad"));
  await until(() => ship.server.requests.length === 1, "it hangs");
  for (let i = 0; i < 20; i++) ship.line.add(lines(10 * i, 10), to("good"));
  await until(() => ship.line.fate(DELIVERED, "good") === 200, "the other index has all of it", 3000);
  does.whole = undefined;
  await ship.settled();
});

test("with two hosts of which one answers nothing everything arrives, long before that gives up", async () => {
  await using mute = await HostileServer.start({ whole: () => "hang" });
  const output = { timeout: 90_000, concurrency: 2 as const, batch: { bytes: 64 * 1024, records: 100, age: 20 } };
  await using ship = await Shipping.start({ hosts: [mute.url], output, speed: 10 });
  const from = ship.clock.now();
  for (let i = 0; i < 50; i++) ship.line.add(lines(100 * i, 100), to("a"));
  await until(() => ship.line.fate(DELIVERED, "a") >= 4800, "all but what hangs");
  const ms = ship.clock.now() - from;
  assert.ok(ms < 40_000, `after ${(ms / 1000).toFixed(0)} s`);
  assert.ok(mute.requests.length <= 2, `${mute.requests.length} requests hang`);
  await ship.settled();
  assert.equal(ship.server.count("a"), 5000);
});

test("one of two hosts that is down is named in the log and the status", async () => {
  const gone = await HostileServer.start();
  await gone[Symbol.asyncDispose]();
  await using ship = await Shipping.start({ hosts: [gone.url] });
  const { host } = new URL(gone.url);
  for (let i = 0; ship.heard("host_down").length === 0; i++) {
    ship.line.add(lines(10 * i, 10), to("a"));
    await ship.settled();
    await systemClock.sleep(10);
  }
  assert.match(
    ship.heard("host_down")[0] ?? "",
    new RegExp(`^warn host_down: ${host} gets no requests: .*ECONNREFUSED`),
  );
  const [first, second] = ship.delivery.output.hosts;
  assert.deepEqual([first?.host, second?.trouble], [host, undefined]);
  assert.match(first?.trouble?.why ?? "", /ECONNREFUSED/);
  assert.equal(ship.delivery.status.reachable, true, "the output is up");
});

const AN_HOUR = { status: 429, body: {}, headers: { "retry-after": "3600" } };

test("one host of two asks for an hour: it gets that pause, the other takes everything meanwhile", async () => {
  await using asks = await HostileServer.start({ whole: () => AN_HOUR });
  await using ship = await Shipping.start({ hosts: [asks.url], speed: 1 });
  const from = performance.now();
  for (let i = 0; i < 20; i++) {
    ship.line.add(lines(10 * i, 10), to("a"));
    await ship.settled();
  }
  assert.equal(ship.server.count("a"), 200);
  assert.ok(performance.now() - from < 15_000, "nothing waits for the pause");
  assert.equal(asks.requests.length, 1);
});

test("the only host asks for an hour: after half a minute it is tried again, and another index does not wait", async () => {
  const does: Hostile = { whole: ({ index }) => (index === "a" ? AN_HOUR : undefined) };
  await using ship = await Shipping.start({ does });
  ship.line.add(lines(0, 10), to("a"));
  await until(() => ship.server.requests.length === 1, "it asks");
  const from = ship.clock.now();
  ship.line.add(lines(10, 10), to("b"));
  await until(() => ship.line.fate(DELIVERED, "b") === 10, "the other index has it");
  assert.ok(ship.clock.now() - from < 15_000, "it did not wait");
  does.whole = undefined;
  await ship.settled();
  assert.ok(ship.clock.now() - from < 60_000, `after ${ship.clock.now() - from} ms`);
});

test("a server that answers nothing is said within 15 s, with an output that is down", async () => {
  const does: Hostile = { whole: () => "hang" };
  await using ship = await Shipping.start({ does, output: { timeout: 90_000 } });
  ship.line.add(lines(0, 10), to("a"));
  const from = ship.clock.now();
  await until(() => ship.heard("output_down").length === 1, "it is said");
  assert.ok(ship.clock.now() - from < 15_000);
  assert.match(ship.heard("output_down")[0] ?? "", /the server has not answered a request for/);
  assert.equal(ship.delivery.status.reachable, false);
  does.whole = undefined;
  await ship.settled();
  assert.equal(ship.heard("output_up").length, 1);
});

test("a chunk of more refused documents than may wait for a commit is refused to its end, and those behind it too", async () => {
  await using ship = await Shipping.start({ does: { item: () => MAPPING } });
  for (let i = 0; i < 3; i++) ship.line.add("x\n".repeat(6000), to("a"));
  await ship.settled();
  // Some of the dead letters have been removed to keep the table within its budget.
  assert.equal(ship.line.fate(DEAD, "a") + ship.line.fate(DROPPED_LETTER, "a"), 18_000);
});

for (const [name, misdeed] of [
  ["400 from a proxy", { status: 400, body: "<html>no</html>", headers: HTML }],
  ["401", { status: 401, body: { error: { type: "security_exception", reason: "missing" } } }],
  ["403 from a proxy", { status: 403, body: "<html>no</html>", headers: HTML }],
  ["429", { status: 429, body: {} }],
  ["500", { status: 500 }],
  ["503", { status: 503 }],
  ["a reset connection", "reset"],
] as const)
  test(`every request for one index ends with ${name}, those for another go on: the index is named, in the status too, and so is its end`, async () => {
    const does: Hostile = { whole: ({ index }) => (index === "bad" ? misdeed : undefined) };
    await using ship = await Shipping.start({ does });
    ship.line.add(lines(0, 10), to("bad"));
    let i = 1;
    await until(() => {
      if (ship.delivery.idle || ship.line.fate(DELIVERED, "good") === 10 * (i - 1))
        ship.line.add(lines(10 * i++, 10), to("good"));
      return ship.heard("output_stalled").length > 0;
    }, `it is said: ${name}`);
    const [said = ""] = ship.heard("output_stalled");
    assert.match(
      said,
      /^error output_stalled: bad takes nothing: .*(4\d\d|50\d|ECONNRESET|socket hang up).*; .*What is for it waits/,
    );
    await until(
      () => ship.line.buffer.figures().targets.some(({ target, stuck }) => target === "bad" && stuck),
      "stuck",
    );
    does.whole = undefined;
    await ship.settled();
    assert.equal(ship.server.count("bad"), 10);
    assert.match(ship.heard("output_recovered").join(), /bad takes again after/);
  });

for (const [name, misdeed] of [
  ["403 from a firewall", { status: 403, body: "<html>no</html>", headers: HTML }],
  ["500", { status: 500 }],
  ["a reset connection", "reset"],
] as const)
  test(`every request with one document ends with ${name}: it becomes a dead letter, all others are stored`, async () => {
    const whole: Hostile["whole"] = (_, body) => (body.some((line) => line.includes("evil")) ? misdeed : undefined);
    await using ship = await Shipping.start({ does: { whole }, speed: 30 });
    ship.line.add(`${lines(0, 40)}evil\n${lines(40, 40)}`, to("a"));
    let i = 0;
    await until(() => {
      if (ship.line.fate(DELIVERED, "good") < i) return false;
      for (const index of i % 5 === 0 ? ["good", "a"] : ["good"]) ship.line.add(lines(1000 + i, 1), to(index));
      i++;
      return ship.line.fate(DEAD, "a") === 1;
    }, "it is decided");
    await ship.settled();
    assert.deepEqual([ship.line.fate(DEAD, "a"), ship.server.count("a")], [1, 80 + Math.ceil(i / 5)]);
    assert.match(ship.heard("documents_refused")[0] ?? "", /1 document of input a/);
  });

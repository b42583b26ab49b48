// Several hosts of which one takes less than the other: a document goes where it is taken, and little is sent in vain.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEAD, DELIVERED } from "../../src/core/fate.ts";
import { lines } from "../buffer/running.ts";
import { type Hostile, HostileServer, type Misdeed } from "../helpers/hostile-server.ts";
import { until } from "./line.ts";
import { Shipping, to } from "./shipping.ts";

/** A host that answers 413 to larger bodies. */
const upTo =
  (most: number) =>
  ({ bytes }: { readonly bytes: number }): Misdeed | undefined =>
    bytes > most ? { status: 413 } : undefined;

const LARGE = `${"x".repeat(6000)}\n`;

const bytesOf = (documents: ReadonlyMap<string, string>): number =>
  [...documents.values()].reduce((sum, document) => sum + document.length, 0);

test("of two hosts one answers 413 above 5 kB: all documents are stored, no body grows smaller for the other one", async () => {
  await using small = await HostileServer.start({ whole: upTo(5000) });
  await using shipping = await Shipping.start({ hosts: [small.url] });
  const { line, server } = shipping;
  for (let i = 0; i < 40; i++) {
    line.add(`${lines(1000 * i, 100)}${LARGE}${LARGE}`, to("a"));
    await until(() => shipping.delivery.idle, `all of ${i}`);
  }
  assert.deepEqual([line.fate(DELIVERED, "a"), line.fate(DEAD, "a")], [4080, 0]);
  assert.equal(small.stored.size + server.stored.size, 4080);
  const sent = small.bytes + server.bytes;
  const stored = bytesOf(small.stored) + bytesOf(server.stored);
  // The stored documents are counted without their action lines.
  assert.ok(sent <= 1.2 * stored + 4080 * 60, `${sent} bytes sent for ${stored}`);
  assert.ok(server.requests.some(({ bytes }) => bytes > 15_000));
  assert.match(shipping.heard("body_too_large").join(), new RegExp(`${new URL(small.url).host} answers 413`));
});

test("a document that one host refuses for its size waits for the other host, and others go on", async () => {
  await using small = await HostileServer.start({ whole: upTo(5000) });
  const does: Hostile = { whole: () => "reset" };
  await using shipping = await Shipping.start({ does, hosts: [small.url] });
  const { line, clock } = shipping;
  line.add(LARGE, to("a"));
  const from = clock.now();
  for (let i = 1; clock.now() - from < 90_000; i++) {
    line.add(lines(10 * i, 10), to("a"));
    await until(() => small.stored.size === 10 * i, "the small ones are stored");
  }
  assert.equal(line.fate(DEAD, "a"), 0);
  does.whole = undefined;
  await shipping.settled();
  assert.deepEqual(
    [line.fate(DEAD, "a"), [...shipping.server.stored.values()].some((one) => one.length > 6000)],
    [0, true],
  );
});

test("two hosts behind a limit of a fifth of a batch: at most 1.2 bytes are sent for each byte that is stored", async () => {
  const most = 64 * 1024;
  await using other = await HostileServer.start({ whole: upTo(most) });
  const batch = { bytes: 5 * most, records: 20_000, age: 20 };
  await using shipping = await Shipping.start({ does: { whole: upTo(most) }, hosts: [other.url], output: { batch } });
  const { line, server } = shipping;
  for (let i = 0; i < 100; i++) {
    line.add(`${"z".repeat(100)}\n`.repeat(500), to("a"));
    if (i % 10 === 9) await shipping.settled();
  }
  const accepted = [...server.requests, ...other.requests].filter(({ bytes }) => bytes <= most);
  const stored = accepted.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.equal(server.stored.size + other.stored.size, 50_000);
  const ratio = (server.bytes + other.bytes) / stored;
  assert.ok(ratio <= 1.2, `${ratio}`);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Listener } from "../../src/sandbox/listener.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

test("down for a time, for good, and back on the same port", async () => {
  const clock = new ManualClock();
  const listener = new Listener({ host: "127.0.0.1", port: 0 }, clock, (_, response) => response.end());
  await listener.start();
  const { url } = listener;
  assert.equal(await answers(url), true);

  await listener.goDown(1000);
  clock.advance(999);
  assert.equal(await answers(url), false);
  clock.advance(1);
  while (!(await answers(url)));
  assert.equal(listener.url, url);

  await listener.goDown(Infinity);
  clock.advance(1e9);
  assert.equal(await answers(url), false);
  await listener.comeUp();
  assert.equal(await answers(url), true);
  await listener.stop();
  assert.equal(await answers(url), false);
});

test("connections under way end when it goes down", async () => {
  const clock = new ManualClock();
  let asked: () => void = () => {};
  const arrived = new Promise<void>((resolve) => (asked = resolve));
  const listener = new Listener({ host: "127.0.0.1", port: 0 }, clock, () => asked());
  await listener.start();
  const waiting = answers(listener.url);
  await arrived;
  await listener.goDown(Infinity);
  assert.equal(await waiting, false);
});

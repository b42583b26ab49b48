import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, onKeys, SWITCHES, type Key, type KeySource } from "../../../src/cli/demo/switches.ts";

test("digits switch, q and Ctrl-C quit, the rest is nothing", () => {
  assert.deepEqual(keyOf("2"), { kind: "switch", to: SWITCHES[1] });
  assert.equal((keyOf("0") as { to: { faults: string } }).to.faults, "");
  assert.deepEqual(keyOf("q"), { kind: "quit" });
  assert.deepEqual(keyOf("\x03"), { kind: "quit" });
  assert.equal(keyOf("9"), undefined);
});

test("keys typed faster than they are read all count, and the terminal is put back", () => {
  let raw = false;
  let paused = true;
  const listeners = new Set<(data: Buffer) => void>();
  const input: KeySource = {
    setRawMode: (on) => (raw = on),
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    resume: () => (paused = false),
    pause: () => (paused = true),
  };
  const keys: Key[] = [];
  const release = onKeys(input, (key) => keys.push(key));
  assert.deepEqual([raw, paused], [true, false]);
  for (const listener of listeners) listener(Buffer.from("1x0q"));
  assert.deepEqual(
    keys.map((key) => key.kind),
    ["switch", "switch", "quit"],
  );
  release();
  assert.deepEqual([raw, paused, listeners.size], [false, true, 0]);
});

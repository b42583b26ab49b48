import assert from "node:assert/strict";
import { test } from "node:test";
import { fitsScreen, plainAudience, screenAudience, type Seat } from "../../../src/cli/demo/audience.ts";
import type { Key } from "../../../src/cli/demo/switches.ts";
import { play } from "./played.ts";

class FakeTerminal {
  isTTY = true;
  columns = 80;
  rows = 24;
  written = "";
  raw: boolean[] = [];
  readonly listeners = new Map<string, (data: Buffer) => void>();

  write(text: string): boolean {
    this.written += text;
    return true;
  }
  setRawMode(on: boolean): void {
    this.raw.push(on);
  }
  on(event: string, listener: (data: Buffer) => void): void {
    this.listeners.set(event, listener);
  }
  off(event: string): void {
    this.listeners.delete(event);
  }
  resume(): void {}
  pause(): void {}
}

function seatOf(terminal: FakeTerminal, env: NodeJS.ProcessEnv = {}): Seat {
  return { stdin: terminal, stdout: terminal, env } as unknown as Seat;
}

test("only a terminal that is large enough gets the screen", () => {
  const terminal = (changes: Partial<FakeTerminal>): FakeTerminal => Object.assign(new FakeTerminal(), changes);
  assert.equal(fitsScreen(seatOf(terminal({}))), true);
  assert.equal(fitsScreen(seatOf(terminal({ isTTY: false }))), false);
  assert.equal(fitsScreen(seatOf(terminal({ columns: 79 }))), false);
  assert.equal(fitsScreen(seatOf(terminal({ rows: 23 }))), false);
  assert.equal(fitsScreen(seatOf(terminal({}), { TERM: "dumb" })), false);
});

test("the screen shows frames, hands over keys, and gives the terminal back", () => {
  const terminal = new FakeTerminal();
  const keys: Key[] = [];
  const audience = screenAudience(seatOf(terminal), (key) => keys.push(key));
  audience.show(play(1000));
  assert.match(terminal.written, /ACT 1 of 4: calm/);
  terminal.listeners.get("data")?.(Buffer.from("q"));
  assert.deepEqual(keys, [{ kind: "quit" }]);
  const before = terminal.written.length;
  terminal.listeners.get("resize")?.(Buffer.of());
  audience.show(play(1000));
  assert.match(terminal.written.slice(before), /ACT 1 of 4: calm/);
  audience.leave();
  assert.deepEqual(terminal.raw, [true, false]);
  assert.equal(terminal.listeners.size, 0);
  assert.ok(terminal.written.endsWith("\x1b[?1049l"));
});

test("everybody else gets lines", () => {
  const lines: string[] = [];
  plainAudience((line) => lines.push(line)).show(play(1000));
  assert.deepEqual(lines, ["act 1: calm: the output keeps up"]);
});

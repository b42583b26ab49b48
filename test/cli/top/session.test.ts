import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { ASCII } from "../../../src/cli/terminal/glyphs.ts";
import { watchAgent } from "../../../src/cli/top/session.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { eventually } from "../../helpers/agent-process.ts";
import { listenRaw } from "../../helpers/raw-server.ts";
import { sampleStatus } from "./scene.ts";

class FakeIn extends EventEmitter {
  raw = false;
  flowing = false;

  setRawMode(on: boolean): this {
    this.raw = on;
    return this;
  }

  resume(): this {
    this.flowing = true;
    return this;
  }

  pause(): this {
    this.flowing = false;
    return this;
  }
}

class FakeOut extends EventEmitter {
  columns = 80;
  rows = 24;
  written = "";

  write(text: string): boolean {
    this.written += text;
    return true;
  }
}

test("whatever ends it, the terminal is as it was, and the last verdict is the result", async () => {
  const history = { columns: [], policies: [], fine: [], coarse: [] };
  const snapshot = { status: sampleStatus(), history, lines: [], switches: [], switched: null };
  await using server = await listenRaw((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
    socket.write(`event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`);
  });
  for (const end of ["q", "\x03", "SIGHUP"]) {
    const [stdin, stdout] = [new FakeIn(), new FakeOut()];
    const before = process.listenerCount("SIGHUP");
    const ended = watchAgent({
      listen: { host: "127.0.0.1", port: server.port },
      where: server.url,
      clock: systemClock,
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      glyphs: ASCII,
      colours: false,
    });
    await eventually("a picture", () => stdout.written.includes("LEDGER"));
    assert.deepEqual([stdin.raw, stdin.flowing], [true, true]);
    stdin.emit("data", Buffer.from("\x1b[A"));
    if (end === "SIGHUP") process.emit("SIGHUP");
    else stdin.emit("data", Buffer.from(end));
    assert.match(await ended, /^web-17: SAMPLE /);
    assert.deepEqual([stdin.raw, stdin.flowing], [false, false]);
    assert.deepEqual([stdin.listenerCount("data"), stdout.listenerCount("resize")], [0, 0]);
    assert.equal(process.listenerCount("SIGHUP"), before);
    assert.ok(stdout.written.endsWith("\x1b[?25h\x1b[?1049l"), "the alternate screen was left");
  }
});

// `spillway top` with a real agent: in a pipe, and in a real terminal with keys, resizing and exit.
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import type { StatusDocument } from "../../src/ops/status.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { Tmux, noTmux } from "../helpers/tmux.ts";
import { ROOT } from "../helpers/tree.ts";
import { runBin } from "./run-bin.ts";

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly url: string;
  readonly command: string;
  agent: AgentProcess;
}

async function scene(t: TestContext, lines: number): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({}, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const port = await freePort();
  place.configure(server.url, { output: { batch: { age: "50ms" } }, admin: { listen: `127.0.0.1:${port}` } });
  new Numbered().append(join(place.logs, "a.log"), lines);
  const agent = place.run();
  await agent.until("all delivered", ({ ledger }) => ledger.delivered.records === lines);
  const url = `http://127.0.0.1:${port}`;
  return {
    place,
    server,
    url,
    agent,
    command: `${process.execPath} ${join(ROOT, "bin/spillway.js")} top --url ${url}`,
  };
}

test("in a pipe it is one picture, without colours, and JSON is what /status says", async (t) => {
  const { url, place } = await scene(t, 1234);
  const { code, out } = await runBin(["top", "--url", url]);
  assert.equal(code, 0);
  assert.match(out, /ACCEPT +everything is taken, nothing is lost/);
  assert.match(out, /= delivered +1,234 +123\.4 kB/);
  assert.match(out, /balance +0 +0 B/);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(out, /\x1b/);
  assert.ok(out.split("\n").every((line) => line.length <= 80));
  const json = await runBin(["top", "-c", place.config, "--once", "--json"]);
  assert.equal((JSON.parse(json.out) as StatusDocument).ledger.delivered.records, 1234);
});

test("without an agent, and where nobody may ask, one sentence says so", async () => {
  const none = await runBin(["top", "--url", "http://127.0.0.1:1", "--once"]);
  assert.equal(none.code, 75);
  assert.match(none.err, /no agent answers at http:\/\/127\.0\.0\.1:1: .*\[agent-silent\]/);
  const off = await runBin(["top", "--set", "admin.listen=off", "--once"]);
  assert.equal(off.code, 78);
  assert.match(off.err, /\[admin-off\]/);
});

describe("at a terminal", { skip: noTmux }, () => {
  test("it is live, fits every size, takes its keys, and gives the terminal back", async (t) => {
    const { command, server, place } = await scene(t, 1000);
    using terminal = new Tmux(`${command}; exec sleep 100`);
    await terminal.shows("the ledger", /= delivered +1,000/);
    assert.equal(terminal.alternate, true);
    new Numbered().append(join(place.logs, "b.log"), 500);
    await terminal.shows("what came since", /= delivered +1,500/);
    await server.change(parseFaults("down"));
    new Numbered().append(join(place.logs, "b.log"), 10);
    await terminal.shows("an output that is away", /nothing gets through to the output/, 30_000);
    terminal.resize(130, 34);
    await terminal.shows("graphs", /^ level\b.*\n in\b.*\n out\b/m);
    terminal.resize(40, 10);
    await terminal.shows("the bar", (screen) => /default +\d+ %/.test(screen) && !/LEDGER/.test(screen));
    terminal.resize(80, 24);
    await terminal.shows("all of it again", /LEDGER.*INPUT[\s\S]*q quit/);
    terminal.press("s");
    await terminal.shows("another order", /s sort: rate/);
    terminal.press("/", "z", "z", "Enter");
    await terminal.shows("a filter", (screen) => screen.includes("/ filter: zz") && !/\bapp\b/.test(screen));
    terminal.press("e");
    await terminal.shows("the log", /error +127[\s\S]*What is\s+read waits/);
    terminal.press("?");
    await terminal.shows("the help", /pause, and continue/);
    terminal.press("Escape");
    await terminal.shows("the view", /LEDGER/);
    terminal.press("q");
    await terminal.shows("the last word", /: ACCEPT everything is taken; nothing gets through/);
    assert.equal(terminal.alternate, false);
  });

  test("it says when the agent is gone, and goes on when it is back", async (t) => {
    const made = await scene(t, 100);
    using terminal = new Tmux(made.command);
    await terminal.shows("the ledger", /= delivered +100/);
    await made.agent.kill();
    await terminal.shows("stale numbers", /stale \d.*retrying/);
    assert.match(terminal.screen(), /= delivered +100/, "nothing becomes zero");
    made.agent = made.place.run();
    await made.agent.url();
    await terminal.shows("life", /live \d\d:\d\d:\d\d 1s/);
    terminal.press("C-c");
    await terminal.shows("the end", () => terminal.ended === 0);
  });

  test("with NO_COLOR there is no colour, otherwise there is", async (t) => {
    const { command } = await scene(t, 100);
    // oxlint-disable-next-line no-control-regex
    const coloured = /\x1b\[(?:[0-9;]*;)?(?:3[0-7]|9[0-7])m/;
    for (const [env, wanted] of [
      [{ NO_COLOR: "1" }, false],
      [{}, true],
    ] as const) {
      using terminal = new Tmux(command, 80, 24, env);
      await terminal.shows("the ledger", /= delivered +100/);
      assert.equal(coloured.test(terminal.screen(true)), wanted);
    }
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

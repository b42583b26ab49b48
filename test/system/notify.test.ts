// A running agent notifies the `notify` receivers of its rungs when its buffer fills, and again when it has drained. Receivers
// that hang must delay neither shipping nor a stop.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { startHook } from "../helpers/hook.ts";
import { Numbered } from "../helpers/numbered.ts";
import { listenRaw } from "../helpers/raw-server.ts";

const LINES = 60_000;
const NOT_TOLD_MS = 300;

interface Told {
  readonly event: string;
  readonly policy: string;
  readonly action: string;
  readonly seconds: number;
  readonly since: string;
  readonly now: { readonly action: string };
}

/** The notifications of a command that appends each one to this file. */
function commanded(file: string): Told[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return [...text.matchAll(/.*\n/g)].map(([line]) => JSON.parse(line) as Told);
}

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly lines: Numbered;
  /** Starts an agent whose ladder climbs to its second rung while the server is unavailable. */
  start(block: unknown, sample: unknown, afterMs?: number): Promise<AgentProcess>;
}

async function scene(t: TestContext): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const lines = new Numbered();
  return {
    place,
    server,
    lines,
    async start(block, sample, afterMs = NOT_TOLD_MS) {
      const until = { waited: "1ms" };
      const ladder = [
        { action: "block", enter: "1%", leave: "0.5%", until, notify: block },
        { action: "sample", enter: "1.2%", leave: "0.6%", keep: "1/2", notify: sample },
      ];
      // In memory, because on disk lines like these take almost no space.
      const buffer = { disk: 0 };
      place.configure(server.url, { buffer, policies: { default: ladder }, output: { batch: { age: "50ms" } } });
      await server.change(parseFaults("503"));
      lines.append(join(place.logs, "a.log"), LINES);
      return place.runWithNotifyAfter(afterMs);
    },
  };
}

test("a URL and a command are told that a rung stays in force, and that it was left", async (t) => {
  const { place, server, start } = await scene(t);
  await using hook = await startHook<Told>();
  const posted = hook.got;
  const file = join(place.root, "told");
  const agent = await start(`${hook.url}/hunter2`, ["sh", "-c", 'cat >> "$0"', file]);
  await eventually("both to hear that it is entered", () => posted.length === 1 && commanded(file).length === 1);
  assert.deepEqual([posted[0]?.event, posted[0]?.policy, posted[0]?.action], ["rung_entered", "default", "block"]);
  assert.deepEqual([commanded(file)[0]?.event, commanded(file)[0]?.action], ["rung_entered", "sample"]);
  assert.ok((posted[0]?.seconds ?? 0) >= NOT_TOLD_MS / 1000);
  await server.change(parseFaults(""));
  await eventually("both to hear that it is left", () => posted.length === 2 && commanded(file).length === 2);
  assert.deepEqual([posted[1]?.event, commanded(file)[1]?.event], ["rung_left", "rung_left"]);
  await agent.hears("notify_sent", 3);
  const metrics = await (await fetch(`${await agent.url()}metrics`)).text();
  assert.match(metrics, /^spillway_notifications_total\{result="sent"\} 4$/m);
  assert.doesNotMatch(JSON.stringify(agent.log), /hunter2/);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
});

test("receivers that hang keep it neither from shipping nor from stopping, and are gone with it", async (t) => {
  const { place, server, lines, start } = await scene(t);
  await using silent = await listenRaw(() => {});
  const file = join(place.root, "pid");
  // The lower rung's receiver is notified first, and hangs for a minute. Meanwhile the other receiver is not notified.
  const agent = await start(["sh", "-c", 'echo $$ > "$0"; exec sleep 1000', file], silent.url);
  const pid = Number(
    await eventually("it to hang", () => (existsSync(file) && readFileSync(file, "utf8").trim()) || undefined),
  );
  await server.change(parseFaults(""));
  await agent.until("all to be settled", ({ ledger }) => {
    return ledger.delivered.records + ledger.sampled.records === lines.written;
  });
  assert.equal(silent.sockets.size, 0, "one at a time");
  const from = systemClock.now();
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  const took = systemClock.now() - from;
  assert.ok(took < 5000, `it took ${took} ms to stop`);
  await eventually("the program to be gone", () => !existsSync(`/proc/${pid}`));
  assert.match(
    agent.heard("notify_failed")[0]?.msg ?? "",
    /could not tell sh that block stays in force: the agent stops/,
  );
});

// After the reload, the new agent has 2 s to fill its buffer again.
test("over a reload a rung goes on: told once, and left when it is left", async (t) => {
  const { server, start, place } = await scene(t);
  const file = join(place.root, "told");
  const events = (): Told[] => commanded(file);
  const agent = await start(["sh", "-c", 'cat >> "$0"', file], undefined, 2000);
  await eventually("it to hear that it is entered", () => events().length === 1);
  agent.signal("SIGHUP");
  await agent.hears("reloaded");
  await server.change(parseFaults(""));
  await agent.hears("notify_sent", 1);
  const [entered, left] = events();
  assert.deepEqual([entered?.event, left?.event, events().length], ["rung_entered", "rung_left", 2]);
  assert.equal(left?.since, entered?.since);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
});

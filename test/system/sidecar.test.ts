// A pod that ends, with the agent as its sidecar: a shared directory, files of another user, and a program that gets its
// SIGTERM at the same moment, writes its last lines until it ends, and does not finish the last one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { NOBODY, cannotBecomeNobody } from "../helpers/other-user.ts";

const GRACE_MS = 6000;

/** Writes half a line every 10 ms. On SIGTERM, writes five more lines with pauses, and one without a line end. */
const PROGRAM = `
const { appendFileSync } = require("node:fs");
const [, log] = process.argv;
let n = 0;
let begun = false;
const half = () => { appendFileSync(log, begun ? "tten\\n" : "line " + n++ + " is wri"); begun = !begun; };
const writing = setInterval(half, 10);
process.on("SIGTERM", () => {
  clearInterval(writing);
  if (begun) half();
  let left = 5;
  const last = setInterval(() => {
    half();
    if (left-- > 0) return half();
    clearInterval(last);
    process.stdout.write(String(n), () => process.exit(0));
  }, 200);
});
`;

class Program {
  readonly log: string;
  private readonly child;
  private said = "";

  constructor(log: string) {
    this.log = log;
    this.child = spawn(process.execPath, ["-e", PROGRAM, log], { stdio: ["ignore", "pipe", "inherit"] });
    this.child.stdout.on("data", (data: Buffer) => (this.said += data.toString()));
  }

  /** Stops the program. @returns how many lines it wrote */
  async stop(): Promise<number> {
    this.child.kill("SIGTERM");
    await once(this.child, "close");
    return Number(this.said);
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}

interface Pod {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly program: Program;
  readonly agent: AgentProcess;
}

async function pod(t: TestContext, readToEnd: boolean): Promise<Pod> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  const program = new Program(join(place.logs, "app.log"));
  t.after(async () => {
    program.kill();
    await server.stop();
    place.remove();
  });
  place.configure(server.url, {
    output: { batch: { age: "50ms" } },
    shutdown: { grace: `${GRACE_MS}ms`, read_to_end: readToEnd },
  });
  await eventually("a log", () => statSync(program.log, { throwIfNoEntry: false }) !== undefined);
  chmodSync(program.log, 0o644);
  for (const path of [place.root, place.logs]) chmodSync(path, 0o755);
  mkdirSync(place.state);
  chownSync(place.state, NOBODY, NOBODY);
  const agent = place.runAsNobody();
  await agent.until("some lines delivered", ({ ledger }) => ledger.delivered.records > 20);
  return { place, server, program, agent };
}

function messages(server: BulkServer): string[] {
  const documents = server.documents().map(({ source }) => source as { message: string; log: { offset: number } });
  return documents.sort((a, b) => a.log.offset - b.log.offset).map(({ message }) => message);
}

/** All lines that the program wrote. The last one is incomplete. */
function lines(count: number): string[] {
  return Array.from({ length: count }, (_, n) => (n < count - 1 ? `line ${n} is written` : `line ${n} is wri`));
}

describe("a pod that ends", { skip: cannotBecomeNobody() }, () => {
  test("its last lines are delivered within the grace, the half one too", async (t) => {
    const { place, server, program, agent } = await pod(t, true);
    const from = systemClock.now();
    const [count, exit] = await Promise.all([program.stop(), agent.stop()]);
    assert.deepEqual(exit, { code: 0, signal: null }, agent.story());
    const took = systemClock.now() - from;
    assert.ok(took < GRACE_MS, `${took} ms`);
    assert.deepEqual(messages(server), lines(count));
    assert.equal(place.books().rows.records, 0);
    assert.equal(place.books().sources[0]?.checkpoint, statSync(program.log).size);
  });

  test("with the output down they are kept, and delivered by the next one", async (t) => {
    const { place, server, program, agent } = await pod(t, true);
    await server.change(parseFaults("down"));
    const from = systemClock.now();
    const [count, exit] = await Promise.all([program.stop(), agent.stop()]);
    assert.deepEqual(exit, { code: 0, signal: null }, agent.story());
    const took = systemClock.now() - from;
    assert.ok(took < GRACE_MS + 2000, `${took} ms`);
    assert.equal(place.books().sources[0]?.checkpoint, statSync(program.log).size);
    assert.ok(place.books().rows.records > 0);
    await server.change(NO_FAULTS);
    const next = place.runAsNobody("--once");
    assert.deepEqual(await next.exited, { code: 0, signal: null }, next.story());
    assert.deepEqual(messages(server), lines(count));
  });

  test("a program that goes on writing is not waited for, and no line of it is cut in two", async (t) => {
    const { place, server, program, agent } = await pod(t, true);
    const from = systemClock.now();
    assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
    const took = systemClock.now() - from;
    assert.ok(took < GRACE_MS, `${took} ms`);
    const count = await program.stop();
    const next = place.runAsNobody("--once");
    assert.deepEqual(await next.exited, { code: 0, signal: null }, next.story());
    assert.deepEqual(messages(server), lines(count));
  });

  test("without read_to_end a half line stays in the file", async (t) => {
    const { place, server, program, agent } = await pod(t, false);
    const count = await program.stop();
    await agent.until("whole lines delivered", ({ ledger }) => ledger.delivered.records === count - 1);
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    assert.deepEqual(messages(server), lines(count).slice(0, -1));
    assert.ok((place.books().sources[0]?.checkpoint ?? 0) < statSync(program.log).size);
  });
});

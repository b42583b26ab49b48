// A FIFO without a writer stands in for a server that is down: opening the FIFO blocks.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { constants, mkdtempSync, openSync, closeSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { systemClock } from "../../../../src/core/clock.ts";
import { Caller, isStuck } from "../../../../src/inputs/file/mounts/caller.ts";
import { eventually } from "../../../helpers/agent-process.ts";

const MOUNT = { point: "/mnt/logs", type: "nfs4" };
const TIMED_OUT = { code: "ETIMEDOUT", message: /the nfs4 mount \/mnt\/logs does not answer/ };

function scene(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), "spillway-caller-"));
  const [file, fifo] = [join(dir, "a.log"), join(dir, "fifo")];
  writeFileSync(file, "one\n");
  spawnSync("mkfifo", [fifo]);
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  /** Lets the blocked open of the FIFO return. */
  const answer = (): number => openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  return { file, fifo, answer };
}

test("what is answered comes back as the system said it", async (t) => {
  const { file } = scene(t);
  const caller = new Caller(MOUNT);
  const fd = caller.call("open", file, constants.O_RDONLY);
  assert.equal(caller.call("fstat", fd).size, 4);
  assert.equal(typeof caller.call("statExact", file)?.mtimeNs, "bigint");
  assert.equal(caller.call("stat", `${file}.none`), undefined);
  assert.throws(() => caller.call("open", `${file}.none`, constants.O_RDONLY), { code: "ENOENT", syscall: "open" });
  const { bytesRead, bytes } = await caller.callLater("read", fd, 10, 1);
  assert.equal(Buffer.from(bytes.subarray(0, bytesRead)).toString(), "ne\n");
  await assert.rejects(caller.callLater("readdir", file), { code: "ENOTDIR" });
  caller.close(fd);
  assert.throws(() => caller.call("fstat", fd), { code: "EBADF" });
});

test("a call that is not answered fails in time, the others at once, and all is well after its answer", async (t) => {
  const { file, fifo, answer } = scene(t);
  const caller = new Caller(MOUNT, { call: 50, later: 5000, rest: 100 });
  caller.call("stat", file);
  assert.throws(() => caller.call("open", fifo, constants.O_RDONLY), TIMED_OUT);
  assert.ok(isStuck());
  const from = systemClock.now();
  for (let i = 0; i < 1000; i++) assert.throws(() => caller.call("stat", file), TIMED_OUT);
  assert.ok(systemClock.now() - from < 5000, "nobody waits a second time");
  await assert.rejects(caller.callLater("readdir", file), TIMED_OUT);

  const writer = answer();
  await eventually("the late answer", () => !isStuck());
  await eventually("the rest is over", () => size(caller, file) === 4);
  // The open came back after its timeout, so the caller closes the descriptor.
  await eventually("nobody reads the FIFO", () => isBroken(writer));
  closeSync(writer);
});

test("calls that nothing else waits for fail when no answer comes for a while", async (t) => {
  const { file, fifo, answer } = scene(t);
  const caller = new Caller(MOUNT, { call: 50, later: 300, rest: 0 });
  caller.call("stat", file);
  const hanging = caller.callLater("open", fifo, constants.O_RDONLY);
  const behind = caller.callLater("readdir", file);
  await Promise.all([assert.rejects(hanging, TIMED_OUT), assert.rejects(behind, TIMED_OUT)]);
  const writer = answer();
  await eventually("it answers again", () => size(caller, file) === 4);
  closeSync(writer);
});

function size(caller: Caller, file: string): number | undefined {
  try {
    return caller.call("stat", file)?.size;
  } catch {
    return undefined;
  }
}

function isBroken(writer: number): boolean {
  try {
    writeSync(writer, "x");
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPIPE";
  }
}

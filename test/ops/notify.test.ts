import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { createNotifier } from "../../src/ops/notify.ts";
import { execSender, ffiSender, socketAddress } from "../../src/ops/notify-sender.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-notify-"));
after(() => rmSync(directory, { recursive: true }));
let sockets = 0;

interface Receiver {
  readonly path: string;
  /** The next message; waits until there is one. */
  next(): Promise<string>;
  /** A message that has already arrived, without waiting. */
  pending(): string | undefined;
}

/** A datagram socket like systemd's. Undefined if this Node has no node:ffi. */
function receiver(path = join(directory, `${sockets++}.sock`)): Receiver | undefined {
  const ffi = process.getBuiltinModule("node:ffi");
  if (ffi === undefined) return undefined;
  const { functions: libc } = ffi.dlopen(null, {
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    recv: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
  });
  const fd = libc.socket(1, 2, 0);
  const address = socketAddress(path);
  assert.equal(libc.bind(fd, address, address.length), 0);
  const buffer = Buffer.alloc(4096);
  const pending = (): string | undefined => {
    const length = Number(libc.recv(fd, buffer, 4096n, 0x40));
    return length < 0 ? undefined : buffer.toString("utf8", 0, length);
  };
  return {
    path,
    pending,
    async next() {
      for (;;) {
        const message = pending();
        if (message !== undefined) return message;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  };
}

function receiverOrSkip(context: TestContext, path?: string): Receiver | undefined {
  const made = receiver(path);
  if (made === undefined) context.skip("this Node has no node:ffi");
  return made;
}

test("without a socket nothing happens", () => {
  const clock = new ManualClock();
  const notifier = createNotifier({ env: { WATCHDOG_USEC: "3000000" }, clock, alive: assert.fail });
  notifier.ready("ready");
  clock.advance(10_000);
  notifier.close();
});

test("the life of an agent, as systemd hears it", (context) => {
  const systemd = receiverOrSkip(context);
  if (systemd === undefined) return;
  const clock = new ManualClock();
  const notifier = createNotifier({ env: { NOTIFY_SOCKET: systemd.path }, clock, alive: () => true });
  notifier.ready("reading 3 inputs");
  assert.equal(systemd.pending(), "READY=1\nSTATUS=reading 3 inputs");
  notifier.status("two\nlines");
  assert.equal(systemd.pending(), "STATUS=two lines");
  notifier.reloading();
  assert.match(systemd.pending() ?? "", /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
  notifier.stopping("delivering");
  assert.equal(systemd.pending(), "STOPPING=1\nSTATUS=delivering");
  clock.advance(100_000);
  assert.equal(systemd.pending(), undefined);
});

test("the watchdog is fed three times as often as needed, and only while the loops turn", (context) => {
  const systemd = receiverOrSkip(context);
  if (systemd === undefined) return;
  const clock = new ManualClock();
  let alive = true;
  const env = { NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: "3000000", WATCHDOG_PID: String(process.pid) };
  const notifier = createNotifier({ env, clock, alive: () => alive });
  notifier.ready("running");
  assert.equal(systemd.pending(), "READY=1\nSTATUS=running");
  for (let i = 0; i < 3; i++) {
    clock.advance(1000);
    assert.equal(systemd.pending(), "WATCHDOG=1");
  }
  alive = false;
  clock.advance(5000);
  assert.equal(systemd.pending(), undefined);
  alive = true;
  clock.advance(1000);
  assert.equal(systemd.pending(), "WATCHDOG=1");
  notifier.close();
  clock.advance(5000);
  assert.equal(systemd.pending(), undefined);
});

test("a watchdog meant for another process is not fed", (context) => {
  const systemd = receiverOrSkip(context);
  if (systemd === undefined) return;
  const clock = new ManualClock();
  const env = { NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: "3000000", WATCHDOG_PID: "1" };
  createNotifier({ env, clock, alive: () => true }).ready("running");
  assert.equal(systemd.pending(), "READY=1\nSTATUS=running");
  clock.advance(5000);
  assert.equal(systemd.pending(), undefined);
});

test("a start that takes long asks systemd for more time, but not for ever, and not once it is ready", (context) => {
  const systemd = receiverOrSkip(context);
  if (systemd === undefined) return;
  const clock = new ManualClock();
  const options = { env: { NOTIFY_SOCKET: systemd.path }, clock, alive: () => true };
  const quick = createNotifier(options);
  clock.advance(1000);
  assert.equal(systemd.pending(), "EXTEND_TIMEOUT_USEC=60000000", "before a short TimeoutStartSec is over");
  clock.advance(10_000);
  assert.equal(systemd.pending(), "EXTEND_TIMEOUT_USEC=60000000");
  quick.ready("running");
  assert.equal(systemd.pending(), "READY=1\nSTATUS=running");
  clock.advance(100_000);
  assert.equal(systemd.pending(), undefined);
  const stopped = createNotifier(options);
  stopped.stopping("stopping");
  assert.equal(systemd.pending(), "STOPPING=1\nSTATUS=stopping");
  clock.advance(100_000);
  assert.equal(systemd.pending(), undefined, "a stop gets no more time");
  createNotifier(options);
  let asked = 0;
  for (let minutes = 0; minutes < 60; minutes++) {
    clock.advance(60_000);
    while (systemd.pending() !== undefined) asked++;
  }
  assert.equal(asked, 180);
});

test("an abstract socket is reached", (context) => {
  const systemd = receiverOrSkip(context, `@spillway-test-${process.pid}-${process.hrtime.bigint()}`);
  if (systemd === undefined) return;
  ffiSender(systemd.path)?.({ READY: "1" });
  assert.equal(systemd.pending(), "READY=1");
});

test("systemd-notify does the same where there is no node:ffi", async (context) => {
  if (spawnSync("systemd-notify", ["--version"]).error !== undefined) return context.skip("no systemd-notify here");
  const systemd = receiverOrSkip(context);
  if (systemd === undefined) return;
  execSender(systemd.path)({ READY: "1", STATUS: "reading" });
  const lines = (await systemd.next()).split("\n");
  assert.ok(lines.includes("READY=1") && lines.includes("STATUS=reading"), lines.join("|"));
});

test("a systemd that has gone away does no harm", () => {
  const send = ffiSender(join(directory, "nobody.sock"));
  send?.({ STATUS: "heard by nobody" });
});

test("loading node:ffi prints no warning, and other warnings still come", () => {
  const sender = new URL("../../src/ops/notify-sender.ts", import.meta.url).href;
  const program = `import(${JSON.stringify(sender)}).then((m) => { m.ffiSender("/nowhere"); process.emitWarning("mine", "ExperimentalWarning"); })`;
  const { stderr } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
  assert.doesNotMatch(stderr, /FFI/);
  assert.match(stderr, /ExperimentalWarning: mine/);
});

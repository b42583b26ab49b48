// Notification commands with real programs: what they receive, what they may access, and that no process is left behind.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCommand } from "../../../src/agent/notify/command.ts";
import type { Outcome } from "../../../src/agent/notify/outcome.ts";
import { eventually } from "../../helpers/agent-process.ts";
import { listenRaw } from "../../helpers/raw-server.ts";

const NEVER = new AbortController().signal;
const BODY = '{"event":"rung_entered"}\n';

const folder = mkdtempSync(join(tmpdir(), "spillway-command-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (): string => join(folder, `${files++}`);

function shell(script: string, ...args: string[]): Promise<Outcome> {
  return runCommand(["sh", "-c", script, "sh", ...args], BODY, NEVER);
}

/** Runs a script until the file that it writes exists, then aborts the script. */
async function cut(script: string): Promise<{ outcome: Outcome; pids: readonly number[] }> {
  const file = fresh();
  const stop = new AbortController();
  const running = runCommand(["sh", "-c", script, "sh", file], BODY, stop.signal);
  await eventually("the script to be up", () => existsSync(file) && readFileSync(file, "utf8").includes("up"));
  stop.abort("not done within 10 s");
  return { outcome: await running, pids: [...readFileSync(file, "utf8").matchAll(/\d+/g)].map(Number) };
}

function readlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor was closed after it was listed.
    return "";
  }
}

/** The process is gone, or a zombie that its new parent has not reaped yet. */
function gone(pid: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

test("a program gets its words as they are and the document on its standard input", async () => {
  const file = fresh();
  const words = ["sh", "-c", 'printf "%s|" "$@" > "$0"; cat >> "$0"', file, "a b", "$HOME", "*", "; false", ""];
  assert.deepEqual(await runCommand(words, BODY, NEVER), { arrived: "yes", says: "exit code 0", printed: "" });
  assert.equal(readFileSync(file, "utf8"), `a b|$HOME|*|; false||${BODY}`);
});

test("it inherits nothing of the environment but what every program needs", async () => {
  const file = fresh();
  process.env["ES_API_KEY"] = "hunter2";
  process.env["CREDENTIALS_DIRECTORY"] = "/run/credentials/hunter2";
  try {
    assert.equal((await runCommand(["sh", "-c", 'env > "$0"', file], BODY, NEVER)).arrived, "yes");
  } finally {
    delete process.env["ES_API_KEY"];
    delete process.env["CREDENTIALS_DIRECTORY"];
  }
  const names = [...readFileSync(file, "utf8").matchAll(/^([A-Za-z_]\w*)=/gm)].map((match) => match[1] as string);
  // The shell sets the last three itself.
  const known = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PWD", "SHLVL", "_"];
  assert.deepEqual(
    names.filter((name) => !known.includes(name)),
    [],
  );
  assert.ok(names.includes("PATH"));
});

test("it inherits no open file of the agent's", async () => {
  const file = fresh();
  const handle = await open(file, "w");
  await using _server = await listenRaw(() => {});
  const sockets = readdirSync("/proc/self/fd")
    .map((fd) => readlink(`/proc/self/fd/${fd}`))
    .filter((target) => target.startsWith("socket:"));
  try {
    const seen = fresh();
    await shell('ls -l /proc/self/fd > "$1"', seen);
    const its = readFileSync(seen, "utf8");
    assert.match(its, / 0 -> /);
    for (const ours of [file, ...sockets]) assert.ok(!its.includes(`${ours}\n`), its);
  } finally {
    await handle.close();
  }
});

test("exit codes and crashes are failures, with the end of what was printed on either stream", async () => {
  assert.deepEqual(await shell("exit 3"), { arrived: "no", says: "exit code 3", printed: "" });
  const { printed = "", ...rest } = await shell("echo no quota; echo of nodes >&2; exit 1");
  assert.deepEqual(rest, { arrived: "no", says: "exit code 1" });
  assert.deepEqual(printed.split("\n").toSorted(), ["", "no quota", "of nodes"]);
  assert.deepEqual(await shell("echo going; kill -SEGV $$"), {
    arrived: "perhaps",
    says: "ended by SIGSEGV",
    printed: "going\n",
  });
  assert.equal((await shell("echo all is well")).arrived, "yes");
});

test("of what it printed the end is kept", async () => {
  const { says, printed = "" } = await shell(`i=0; while [ $i -lt 1500 ]; do echo "line $i"; i=$((i+1)); done; exit 1`);
  assert.equal(says, "exit code 1");
  assert.match(printed, /line 1498\nline 1499\n$/);
  assert.equal(printed.length, 4096);
});

test("a program that is not there or may not be run is named so", async () => {
  assert.deepEqual(await runCommand(["/no/such/program"], BODY, NEVER), {
    arrived: "no",
    says: "there is no such program",
    printed: "",
  });
  const file = fresh();
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o644 });
  assert.deepEqual(await runCommand([file], BODY, NEVER), {
    arrived: "no",
    says: "this user may not run the program",
    printed: "",
  });
  // Longer than the kernel allows for one argument.
  const long = await runCommand(["sh", "x".repeat(1 << 22)], BODY, NEVER);
  assert.equal(long.arrived, "no");
  assert.match(long.says, /E2BIG/);
});

test("a program need not read its standard input", async () => {
  const large = "x".repeat(1 << 20);
  for (const script of ["exit 0", "exec <&-; exit 0", "head -c 1 >/dev/null"]) {
    assert.equal((await runCommand(["sh", "-c", script], large, NEVER)).arrived, "yes", script);
  }
});

test("one that hangs ends with the signal, and so does what it has started", async () => {
  const { outcome, pids } = await cut('echo waiting for it; sleep 0.1; sleep 1000 & echo $$ $! up > "$1"; wait');
  assert.deepEqual(outcome, { arrived: "perhaps", says: "not done within 10 s", printed: "waiting for it\n" });
  assert.equal(pids.length, 2);
  await eventually("both to be gone", () => pids.every(gone));
});

test("one that ignores every signal that can be ignored ends too", async () => {
  const { pids } = await cut("trap '' TERM INT HUP; echo $$ up > \"$1\"; while :; do sleep 0.01; done");
  await eventually("it to be gone", () => pids.every(gone));
});

test("what it leaves behind ends with it, and does not keep its end from being noticed", async () => {
  const file = fresh();
  assert.deepEqual(await shell('sleep 1000 & echo $! > "$1"; exit 4', file), {
    arrived: "no",
    says: "exit code 4",
    printed: "",
  });
  const pid = Number(readFileSync(file, "utf8"));
  await eventually("it to be gone", () => gone(pid));
});

test("one that ran away with its output is let go at the signal, and its exit code counts", async () => {
  const file = fresh();
  const stop = new AbortController();
  const script = 'setsid sh -c "echo \\$\\$ > $1; exec sleep 1000" & while [ ! -s "$1" ]; do sleep 0.01; done; exit 0';
  const running = runCommand(["sh", "-c", script, "sh", file], BODY, stop.signal);
  const pid = Number(
    await eventually("it to be away", () => (existsSync(file) && readFileSync(file, "utf8").trim()) || undefined),
  );
  try {
    const child = await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 300, "waits"))]);
    assert.equal(child, "waits");
    stop.abort("not done within 10 s");
    assert.equal((await running).says, "exit code 0");
  } finally {
    process.kill(pid, "SIGKILL");
  }
});

test("one that floods its output is ended before it fills memory", async () => {
  for (const stream of ["", ">&2"]) {
    const { arrived, says, printed = "" } = await shell(`exec yes flood ${stream}`);
    assert.deepEqual([arrived, says], ["perhaps", "it printed more than 1 MiB and was ended"]);
    assert.equal(printed.length, 4096);
    assert.match(printed, /flood\nflood\n/);
  }
});

test("a signal that is aborted already leaves nothing running", async () => {
  const outcome = await runCommand(["sleep", "1000"], BODY, AbortSignal.abort("the agent stops"));
  assert.deepEqual(outcome, { arrived: "perhaps", says: "the agent stops", printed: "" });
});

// Runs a program for a rung's `notify`, with a JSON document on its standard input. Invariants: it ends with its signal at the
// latest, together with all processes that it started; it inherits no secret; its output never fills memory.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { DEFAULT_PATH } from "../../config/values/notify.ts";
import { describe, hasCode } from "../../core/errors.ts";
import type { Outcome } from "./outcome.ts";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Environment variables that the program inherits. The agent's keys and tokens are not among them. */
const INHERITED = ["HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];
/** Limit for the bytes on both streams together; a program that prints more is killed. */
const MOST_PRINTED = 1 << 20;
/** Bytes of the output that are kept, from its end. */
const KEPT = 4096;
const FLOOD = `it printed more than ${MOST_PRINTED >> 20} MiB and was ended`;

/** @param signal aborted with the reason as its text, on a timeout or when the agent stops. Never rejects. */
export function runCommand(words: readonly string[], body: string, signal: AbortSignal): Promise<Outcome> {
  const [program = "", ...args] = words;
  let child: Child;
  try {
    // In its own process group, so that it can be killed with everything that it started.
    child = spawn(program, args, { env: environment(), detached: true, stdio: ["pipe", "pipe", "pipe"] });
  } catch (error) {
    return Promise.resolve({ arrived: "no", says: describe(error) });
  }
  return new Promise((resolve) => follow(child, body, signal, resolve));
}

function follow(child: Child, body: string, signal: AbortSignal, done: (outcome: Outcome) => void): void {
  const printed = new Printed();
  let exit: Outcome | undefined;
  const end = (otherwise: Outcome): void => {
    if (exit === undefined) killGroup(child);
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    // A program that cannot be killed, because it changed its user, must not delay the end of the agent.
    child.unref();
    signal.removeEventListener("abort", stop);
    done({ ...(exit ?? otherwise), printed: printed.text() });
  };
  const stop = (): void => end({ arrived: "perhaps", says: String(signal.reason) });
  child.on("error", (error) => end({ arrived: "no", says: startFault(error) }));
  child.on("exit", (code, by) => {
    exit = verdict(code, by);
    // Processes that it left behind end with it.
    killGroup(child);
  });
  // `close` follows the last output; `exit` may come before it.
  child.on("close", () => end({ arrived: "perhaps", says: "it ended" }));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => {
      if (printed.add(chunk) > MOST_PRINTED) end({ arrived: "perhaps", says: FLOOD });
    });
  }
  // The program need not read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(body);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
}

/** Why the program could not be started. Node's own message repeats the program's name. */
function startFault(error: Error): string {
  if (hasCode(error, "ENOENT")) return "there is no such program";
  if (hasCode(error, "EACCES")) return "this user may not run the program";
  return describe(error);
}

function verdict(code: number | null, by: string | null): Outcome {
  if (by !== null) return { arrived: "perhaps", says: `ended by ${by}` };
  return { arrived: code === 0 ? "yes" : "no", says: `exit code ${code}` };
}

function killGroup({ pid }: Child): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone, or it runs as another user.
  }
}

function environment(): NodeJS.ProcessEnv {
  const given = INHERITED.map((name) => [name, process.env[name]] as const);
  return { PATH: process.env["PATH"] ?? DEFAULT_PATH, ...Object.fromEntries(given.filter(([, value]) => value)) };
}

/** The end of the output, both streams together. */
class Printed {
  private bytes = 0;
  private tail = Buffer.alloc(0);

  /** @returns total bytes so far */
  add(chunk: Buffer): number {
    this.bytes += chunk.length;
    this.tail = Buffer.concat([this.tail, chunk]).subarray(-KEPT);
    return this.bytes;
  }

  text(): string {
    return this.tail.toString("utf8");
  }
}

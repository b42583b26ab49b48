// A real VictoriaLogs on loopback for one test file: another server that takes `_bulk` requests. Built once by Go from its module
// (22 MB, half a minute), then cached beside the other servers. It ends with the test process in any case.
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { CACHE } from "../assemble.ts";
import { findProgram } from "../java.ts";

const MODULE = import.meta.dirname;
const FILES = ["go.mod", "go.sum"] as const;
const run = promisify(execFile);

/** For a test's `skip`: what this machine lacks. With CI=true nothing is skipped, and the start fails with that message. */
export function withoutVictoriaLogs(): string | false {
  return process.env["CI"] !== "true" && !existsSync(program()) && !findProgram("go")
    ? "VictoriaLogs: Go is not installed, which builds it; apt-get install golang, or the release of its makers"
    : false;
}

export class VictoriaLogs {
  private readonly data: string;
  private process: ChildProcess | undefined;
  private address = "127.0.0.1:0";

  private constructor(data: string) {
    this.data = data;
  }

  static async start(): Promise<VictoriaLogs> {
    const server = new VictoriaLogs(await mkdtemp(join(tmpdir(), "spillway-victorialogs-")));
    await build();
    await server.start();
    return server;
  }

  /** The address for `output.hosts`. */
  get url(): string {
    return `http://${this.address}/insert/elasticsearch`;
  }

  /** Starts the server, on the port and data that it had before. */
  async start(): Promise<void> {
    const options = [`-httpListenAddr=${this.address}`, `-storageDataPath=${this.data}`];
    const started = spawn("setpriv", ["--pdeathsig", "KILL", program(), ...options], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.process = started;
    const said: string[] = [];
    for await (const line of createInterface({ input: started.stderr })) {
      said.push(line);
      const [, address] = /started server at http:\/\/([\d.:]+)\//.exec(line) ?? [];
      if (address === undefined) continue;
      this.address = address;
      started.stderr.resume();
      return;
    }
    throw new Error(`VictoriaLogs did not start:\n${said.join("\n")}`);
  }

  /** Ends the process; what it has stored stays. */
  async halt(): Promise<void> {
    const { process: running } = this;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, "exit");
    running.kill("SIGTERM");
    await gone;
  }

  /** The messages of all records that can be found. */
  async messages(): Promise<string[]> {
    const query = new URLSearchParams({ query: "* | fields _msg", limit: "1000000" });
    const response = await fetch(`http://${this.address}/select/logsql/query?${query.toString()}`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line)._msg);
  }

  async remove(): Promise<void> {
    await this.halt();
    await rm(this.data, { recursive: true, force: true });
  }
}

function program(): string {
  const hash = createHash("sha1");
  for (const file of FILES) hash.update(readFileSync(join(MODULE, file)));
  return join(CACHE, "victorialogs", `victoria-logs-${hash.digest("hex").slice(0, 8)}`);
}

async function build(): Promise<void> {
  if (existsSync(program())) return;
  await mkdir(join(CACHE, "victorialogs"), { recursive: true });
  const draft = await mkdtemp(join(CACHE, "victorialogs/draft."));
  try {
    for (const file of FILES) await copyFile(join(MODULE, file), join(draft, file));
    const built = join(draft, "victoria-logs");
    await run("go", ["build", "-mod=mod", "-o", built, "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs"], {
      cwd: draft,
    });
    await rename(built, program());
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

// Boots a systemd of the test's own, on an overlay of this machine's root file system: everything installed, written and logged
// inside is discarded afterwards. It shares the machine's network, so that services reach the servers of the test.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./agent-process.ts";
import { ROOT } from "./tree.ts";

/** Why systemd cannot be booted here; false if it can. */
export function noSystemd(): string | false {
  if (process.getuid?.() !== 0) return "only root can boot a systemd of its own";
  if (process.env["CI"] === "true") return false;
  if (!existsSync("/lib/systemd/systemd")) return "systemd is not installed; apt-get install systemd";
  const { status } = spawnSync("unshare", ["--pid", "--mount", "--cgroup", "--fork", "true"]);
  return status !== 0 && "this machine gives no namespaces of its own";
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface JournalLine {
  readonly MESSAGE: string;
  readonly PRIORITY: string;
  readonly [field: string]: unknown;
}

export class Systemd {
  private readonly directory: string;
  private readonly process: ChildProcess;
  private readonly pid: string;

  private constructor(directory: string, process: ChildProcess, pid: string) {
    this.directory = directory;
    this.process = process;
    this.pid = pid;
  }

  /** @param binds directories of this machine to mount inside, as SOURCE:TARGET */
  static async boot(...binds: readonly string[]): Promise<Systemd> {
    const directory = mkdtempSync(join(tmpdir(), "spillway-systemd-"));
    const name = `spillway-test-${process.pid}`;
    const child = spawn(
      "setpriv",
      ["--pdeathsig", "KILL", "bash", join(ROOT, "test/machine/boot.sh"), directory, name, ...binds],
      {
        stdio: "ignore",
      },
    );
    const file = join(directory, "pid");
    const pid = await eventually("a systemd that runs", () => existsSync(file) && readFileSync(file, "utf8").trim());
    const systemd = new Systemd(directory, child, pid);
    await eventually("a systemd that has booted", async () =>
      /running|degraded/.test((await systemd.run(["systemctl", "is-system-running"])).out),
    );
    return systemd;
  }

  /** Runs a command inside, in all of its namespaces. Asynchronous, because the test's own servers run in this process. */
  run(command: readonly string[], input?: string): Promise<Ran> {
    const child = spawn("nsenter", ["-t", this.pid, "-a", ...command], {
      stdio: "pipe",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    return new Promise((resolve) => child.once("close", (code) => resolve({ code: code ?? -1, out, err })));
  }

  /** Runs a command inside. @returns its stdout; throws with all of its output unless it ends with 0 */
  async do(...command: readonly string[]): Promise<string> {
    const { code, out, err } = await this.run(command);
    if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${out}${err}`);
    return out;
  }

  async write(path: string, text: string): Promise<void> {
    const { code, err } = await this.run(["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", path], text);
    if (code !== 0) throw new Error(`could not write ${path}: ${err}`);
  }

  /** A property of a unit. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.do("systemctl", "show", "--value", "-p", name, unit)).trim();
  }

  async journal(unit: string): Promise<JournalLine[]> {
    return (await this.do("journalctl", "-u", unit, "-o", "json", "--no-pager"))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as JournalLine);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    spawnSync("kill", ["-KILL", this.pid]);
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

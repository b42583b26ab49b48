// Runs a program in a real terminal, a window of tmux: press keys, read the screen. Each instance has its own tmux server,
// which ends with it.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./agent-process.ts";

const present = spawnSync("tmux", ["-V"]).status === 0;
/** For a test's `skip`: why tmux cannot be used here. */
export const noTmux: string | false =
  !present && process.env["CI"] !== "true" && "tmux is not installed; apt-get install tmux";

export class Tmux implements Disposable {
  private readonly directory = mkdtempSync(join(tmpdir(), "spillway-tmux-"));
  private readonly socket = join(this.directory, "tmux");

  /** @param command run by a shell; the window ends with it */
  constructor(command: string, columns = 80, rows = 24, env: Readonly<Record<string, string>> = {}) {
    const size = ["-x", String(columns), "-y", String(rows)];
    const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    execFileSync("tmux", ["-f", "/dev/null", "-S", this.socket, "new-session", "-d", ...size, ...variables, command], {
      env: { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TERM: "screen-256color" },
    });
    // Keeps the screen readable after the program has ended.
    this.tmux("set-option", "-g", "remain-on-exit", "on");
    this.tmux("set-option", "-g", "status", "off");
  }

  private tmux(...args: readonly string[]): string {
    return execFileSync("tmux", ["-S", this.socket, ...args], { encoding: "utf8" });
  }

  /** @param keys names as tmux has them: `C-u`, `Enter`, `Tab` */
  press(...keys: readonly string[]): void {
    this.tmux("send-keys", ...keys);
  }

  resize(columns: number, rows: number): void {
    this.tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** @param colours whether to keep the escape sequences of colours */
  screen(colours = false): string {
    return this.tmux("capture-pane", "-p", ...(colours ? ["-e"] : []));
  }

  /** Whether the program is in the alternate screen. */
  get alternate(): boolean {
    return this.tmux("display-message", "-p", "#{alternate_on}").trim() === "1";
  }

  /** The program's exit code; undefined while it runs. */
  get ended(): number | undefined {
    const said = this.tmux("display-message", "-p", "#{pid} #{pane_dead_status}");
    const [server, status] = said.trim().split(" ");
    if (status !== undefined) return Number(status);
    // tmux 3.3a sometimes misses a SIGCHLD: its program stays a zombie, with the pane dead or not, and without a status.
    // Sending the signal once more is harmless.
    process.kill(Number(server), "SIGCHLD");
    return undefined;
  }

  /** Waits until the screen matches. @returns the screen */
  async shows(what: string, fits: RegExp | ((screen: string) => boolean), patienceMs?: number): Promise<string> {
    const test = typeof fits === "function" ? fits : (screen: string): boolean => fits.test(screen);
    const probe = (): string | undefined => {
      const screen = this.screen();
      return test(screen) ? screen : undefined;
    };
    return eventually(what, probe, patienceMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.screen()}`);
    });
  }

  [Symbol.dispose](): void {
    spawnSync("tmux", ["-S", this.socket, "kill-server"]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

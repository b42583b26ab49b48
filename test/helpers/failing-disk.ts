// Injects disk faults and delays into a real agent, at chosen calls on chosen files: a C library loaded with LD_PRELOAD.
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

const COMPILER = process.env["CC"] ?? "cc";
const SOURCE = new URL("failing-disk.c", import.meta.url).pathname;

export interface Fault {
  readonly call: "open" | "read" | "write" | "sync" | "truncate";
  /** Suffix of the file's path. */
  readonly path: string;
  /** Undefined: the call succeeds, after the delay. */
  readonly code?: "EIO" | "ENOSPC" | "EROFS";
  readonly delayMs?: number;
  /** Only reads and writes that begin within these bytes of the file fail. Default: all. */
  readonly range?: readonly [from: number, to: number];
}

export class FailingDisk {
  readonly environment: Readonly<Record<string, string>>;
  private readonly rules: string;

  private constructor(rules: string, library: string) {
    this.rules = rules;
    this.environment = { LD_PRELOAD: library, SPILLWAY_FAULTS: rules };
  }

  /** Undefined without a C compiler. @param directory where the library and its rules are written */
  static in(directory: string): FailingDisk | undefined {
    const library = join(directory, "failing-disk.so");
    const { status } = spawnSync(COMPILER, ["-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], {
      stdio: "ignore",
    });
    if (status !== 0) return undefined;
    const disk = new FailingDisk(join(directory, "faults"), library);
    disk.set();
    return disk;
  }

  /** Replaces all faults by these. */
  set(...faults: readonly Fault[]): void {
    const lines = faults.map(({ call, path, code, delayMs = 0, range = [0, Number.MAX_SAFE_INTEGER] }) =>
      [call, path, code ? constants.errno[code] : 0, delayMs, ...range].join(" "),
    );
    writeFileSync(`${this.rules}.new`, `${lines.join("\n")}\n`);
    renameSync(`${this.rules}.new`, this.rules);
    rmSync(`${this.rules}.met`, { force: true });
  }

  /** Whether any of the current faults has occurred. */
  get met(): boolean {
    return existsSync(`${this.rules}.met`);
  }
}

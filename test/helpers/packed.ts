// The agent as it is released: bundles instead of sources. Bundles take more memory.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./tree.ts";

export interface Packed {
  /** The script that starts the agent. */
  readonly bin: string;
  remove(): void;
}

export function packed(): Packed {
  const home = mkdtempSync(join(tmpdir(), "spillway-packed-"));
  execFileSync(process.execPath, ["scripts/build.ts"], { cwd: ROOT });
  for (const part of ["bin", "dist", "config", "package.json"])
    cpSync(join(ROOT, part), join(home, part), { recursive: true });
  return { bin: join(home, "bin/spillway.js"), remove: () => rmSync(home, { recursive: true }) };
}

// Builds the .deb and .rpm of this checkout, as `npm run package` does.
import { execFileSync, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { ROOT } from "./tree.ts";

/** Why packages cannot be built here; false if they can. */
export function noPackages(): string | false {
  if (process.env["CI"] === "true") return false;
  const nfpm = process.env["NFPM"] !== undefined || spawnSync("nfpm", ["--version"]).status === 0;
  return !nfpm && spawnSync("go", ["version"]).status !== 0 && "nfpm makes the packages; install it, or Go";
}

export interface Packages {
  readonly deb: string;
  readonly rpm: string;
}

/** @param out the directory for the packages */
export function makePackages(out: string, version: string): Packages {
  const args = ["scripts/package.ts", "--out", out, "--version", version];
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  const [deb] = globSync(`${out}/*_${version}-*.deb`);
  const [rpm] = globSync(`${out}/*-${version}-*.rpm`);
  if (deb === undefined || rpm === undefined) throw new Error(`no packages of version ${version} in ${out}`);
  return { deb, rpm };
}

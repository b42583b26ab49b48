// Adds the optional platform packages that a registry mirror did not serve to package-lock.json, so that `npm ci` accepts the
// lock file everywhere. Run it after every `npm install`: npm leaves such packages out and then rejects its own lock file. os,
// cpu and libc of an entry are taken from the package's name. npm skips the package on other platforms, and fetches it by name
// and version on a matching one.
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };
const OS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32", "aix", "netbsd", "openbsd", "sunos"];
const added: string[] = [];

for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const words = name
      .slice(name.indexOf("/") + 1)
      .replace(/^binding-/, "")
      .split("-");
    const [os, cpu, abi = ""] = words;
    if (lock.packages[key] || os === undefined || cpu === undefined || !OS.includes(os)) continue;
    const libc = abi.startsWith("musl") ? ["musl"] : abi.startsWith("gnu") ? ["glibc"] : undefined;
    lock.packages[key] = {
      version,
      cpu: [cpu],
      ...(parent.dev ? { dev: true } : {}),
      ...(os === "linux" && libc ? { libc } : {}),
      optional: true,
      os: [os],
    };
    added.push(`${name}@${version}`);
  }
}
const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
process.stdout.write(added.length ? `completed: ${added.join(" ")}\n` : "complete already\n");

// Builds src/kernel/kernel.wasm from src/kernel/assembly/*.ts if it is missing or older than a source. It prints nothing if
// there is nothing to do, because `npm run demo` and `npm test` call it first. The file is written under another name and
// renamed, so that a process that starts meanwhile sees the old kernel or the new one, never half of one.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const root = dirname(import.meta.dirname);
const assembly = join(root, "src/kernel/assembly");
const wasm = join(root, "src/kernel/kernel.wasm");

function changed(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

const sources = readdirSync(assembly)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(assembly, name));
const newest = Math.max(changed(import.meta.filename), changed(assembly), ...sources.map(changed));

if (changed(wasm) < newest) {
  const asc = join(dirname(createRequire(import.meta.url).resolve("assemblyscript/package.json")), "bin/asc.js");
  const fresh = `${wasm}.${process.pid}`;
  try {
    execFileSync(
      process.execPath,
      [
        ...[asc, join(assembly, "index.ts"), "--outFile", fresh, "-O3", "--noAssert", "--runtime", "stub"],
        // Import the arena's shared memory, of any size that WebAssembly allows.
        ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
        ...["--enable", "simd", "--enable", "threads"],
        // Static data stays in the lower half of the arena's first page; kernel/layout.ts uses the upper half.
        ...["--lowMemoryLimit", "32768"],
      ],
      { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
    );
    renameSync(fresh, wasm);
  } catch {
    process.exitCode = 1;
  } finally {
    rmSync(fresh, { force: true });
  }
}

// Preload (node --import) that measures the CPU time of the main thread in each turn of the agent's event loop. One immediate per
// turn, so that no part of a turn is missed; the loop then never sleeps. On SIGUSR2 it writes the longest turns since the last
// SIGUSR2 to the file named by SPILLWAY_TURNS, in milliseconds, longest first.
import { renameSync, writeFileSync } from "node:fs";
import process from "node:process";
import { isMainThread } from "node:worker_threads";

const file = process.env["SPILLWAY_TURNS"];
const KEPT = 20;

if (isMainThread && file !== undefined) {
  const started = performance.now();
  let longest: { readonly ms: number; readonly atMs: number }[] = [];
  let before = cpuMs();
  const turn = (): void => {
    const now = cpuMs();
    const ms = now - before;
    before = now;
    const atMs = performance.now() - started;
    if (ms > (longest.at(-1)?.ms ?? 0)) {
      longest = [...longest, { ms, atMs }].toSorted((a, b) => b.ms - a.ms).slice(0, KEPT);
    }
    setImmediate(turn).unref();
  };
  setImmediate(turn).unref();
  process.on("SIGUSR2", () => {
    writeFileSync(`${file}.new`, JSON.stringify(longest));
    renameSync(`${file}.new`, file);
    longest = [];
  });
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

// What something costs, in a test that runs beside others: elapsed time says nothing on a busy machine.
import process from "node:process";

/** Milliseconds of CPU time that this thread spends on it. */
export function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

// Latency from writing a line until the tailer hands it over to the buffer: `node bench/latency.ts [--rate 10000] [--seconds 20]
// [--files 1]`. The writer is a separate process. It stamps each line with the monotonic clock, which both processes share.
// Batching, requests and responses are not included.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHistogram } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { Draft } from "../src/core/chunk.ts";
import { systemClock as clock } from "../src/core/clock.ts";
import { silentLog } from "../src/core/log.ts";
import { FileInput } from "../src/inputs/file/file-input.ts";
import { Kernel } from "../src/kernel/kernel.ts";
import { FakeIntake } from "../test/helpers/fake-intake.ts";
import { options } from "../test/inputs/file/setup.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "10000" },
    seconds: { type: "string", default: "20" },
    files: { type: "string", default: "1" },
  },
});
const [rate, seconds, files] = [Number(values.rate), Number(values.seconds), Number(values.files)];

/** Writes the lines of ten milliseconds at a time, like a program that flushes often. */
const WRITER = `
const fs = require("node:fs");
const [dir, rate, seconds, files] = process.argv.slice(1);
const fds = Array.from({ length: +files }, (_, i) => fs.openSync(dir + "/" + i + ".log", "a"));
const began = process.hrtime.bigint();
let written = 0;
const timer = setInterval(() => {
  const now = process.hrtime.bigint();
  const due = Math.min(+rate * +seconds, Math.floor((Number(now - began) / 1e9) * +rate));
  const texts = fds.map(() => "");
  for (; written < due; written++) texts[written % fds.length] += now + " " + "x".repeat(80) + "\\n";
  fds.forEach((fd, i) => texts[i] && fs.writeSync(fd, texts[i]));
  if (written === +rate * +seconds) clearInterval(timer);
}, 10);
`;

class StampedIntake extends FakeIntake {
  readonly late = createHistogram();
  readonly chunks = createHistogram();

  override async admit(draft: Draft): Promise<void> {
    const now = process.hrtime.bigint();
    const region = draft.region as NonNullable<Draft["region"]>;
    for (const line of this.arena.view(region).toString("latin1").split("\n"))
      if (line !== "") this.late.record(now - BigInt(line.slice(0, line.indexOf(" "))));
    this.chunks.record(draft.records);
    this.arena.release(region);
  }
}

const dir = mkdtempSync(join(tmpdir(), "spillway-latency-"));
const intake = new StampedIntake();
const input = new FileInput(options(dir), {
  intake,
  arena: intake.arena,
  kernel: new Kernel(intake.arena),
  clock,
  log: silentLog,
  host: "bench",
  index: "logs",
  mode: "follow",
});
await input.start();
const writer = spawn(process.execPath, ["-e", WRITER, dir, String(rate), String(seconds), String(files)], {
  stdio: ["ignore", "ignore", "inherit"],
});
try {
  const cpu = process.cpuUsage();
  while (intake.late.count < rate * seconds) await clock.sleep(50);
  const { user, system } = process.cpuUsage(cpu);
  const ms = (at: number): string => (intake.late.percentile(at) / 1e6).toFixed(0);
  process.stdout.write(
    `${intake.late.count} lines at ${rate}/s over ${files} files: p50 ${ms(50)}, p99 ${ms(99)}, max ${ms(100)} ms; ` +
      `${intake.chunks.mean.toFixed(0)} lines a chunk; ${((user + system) / 1e4 / seconds).toFixed(1)} % of a core\n`,
  );
} finally {
  writer.kill();
  await input.stop();
  rmSync(dir, { recursive: true });
}

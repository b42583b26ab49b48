// Run by log.test.ts as a separate process: writes a log to stderr and ends in the way given by argv.
import { systemClock } from "../../../src/core/clock.ts";
import { createLog } from "../../../src/ops/log.ts";

const [ending, lines = "1"] = process.argv.slice(2);
const log = createLog({ level: "debug", clock: systemClock, destination: 2, form: "json" });
for (let i = 0; i < Number(lines); i++) log.warn(`event_${i}`, `line ${i} ${"x".repeat(200)}`);

if (ending === "exit") {
  log.flushSync();
  process.exit(3);
} else if (ending === "throw") {
  process.on("uncaughtException", (error) => {
    log.error("fault", error.message);
    log.flushSync();
    process.exit(1);
  });
  throw new Error("on purpose");
} else if (ending === "late") {
  // In a later turn of the event loop, after the first lines were written.
  setTimeout(() => {
    log.error("last", "the last line");
    log.flushSync();
    process.exit(4);
  }, 50);
} else if (ending === "flush") {
  const before = performance.now();
  await log.flush(200);
  process.stdout.write(JSON.stringify({ ms: performance.now() - before, dropped: log.dropped }));
  process.exit(5);
} else if (ending === "beside") {
  // More than a pipe holds, so that both writers have to wait for the reader.
  process.stderr.write(`direct ${"y".repeat(300_000)}\n`);
  await log.flush(5000);
  process.stderr.write("end\n");
}

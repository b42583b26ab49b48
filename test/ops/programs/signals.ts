// Run by signals.test.ts as a separate process: prints which hook was called.
import { systemClock } from "../../../src/core/clock.ts";
import { onSignals } from "../../../src/ops/signals.ts";

const keepAlive = setInterval(() => {}, 1000);
const say = (what: string): void => void process.stdout.write(`${what}\n`);
const release = onSignals(
  {
    stop: (signal) => say(`stop ${signal}`),
    hurry: (signal) => {
      say(`hurry ${signal}`);
      release();
      clearInterval(keepAlive);
    },
    reload: () => say("reload"),
    report: () => say("report"),
  },
  systemClock,
);
say("up");

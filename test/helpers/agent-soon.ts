// Starts the agent as `spillway run` does, but with short delays of `notify`. The delays are no setting, and a test cannot wait
// for minutes. Arguments: the configuration file, then the milliseconds that a rung must be in force before it is notified.
import { Service } from "../../src/agent/service.ts";
import { loadConfig } from "../../src/config/load.ts";
import { reloadConfig, type Reloaded } from "../../src/config/reload.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Config } from "../../src/core/options.ts";

const [, , file = "", inForce = ""] = process.argv;
const files = { files: [file], env: process.env };
const reload = (before: Config): Reloaded => reloadConfig(files, before);
const { config, secrets, secretFiles, memoryLimit } = loadConfig(files);
process.exitCode = await new Service({
  config,
  secrets,
  secretFiles,
  memoryLimit,
  reload,
  mode: "follow",
  version: "0.0.0",
  clock: systemClock,
  env: process.env,
  deadline: 5000,
  notifyDelays: { inForceMs: Number(inForce), betweenMs: 10 * Number(inForce), timeoutMs: 60_000 },
}).run();

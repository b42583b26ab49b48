// `spillway run --dry-run`: reads all files that the inputs match and prints the documents to stdout, one per line. Invariant:
// it contacts no server and uses neither the configured state directory nor the admin address. It can therefore run beside
// the agent.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExitCode } from "../core/errors.ts";
import { count } from "../core/figures.ts";
import type { Config } from "../core/options.ts";
import { type Call, configOf } from "./program/command.ts";

export async function dryRun(call: Call): Promise<ExitCode> {
  const [{ Service }, { systemClock }, { version }, { PrintingOutput }] = await Promise.all([
    import("../agent/service.ts"),
    import("../core/clock.ts"),
    import("./version.ts"),
    import("../outputs/printing.ts"),
  ]);
  const { config, secrets, memoryLimit } = await configOf(call, "no server");
  const output = new PrintingOutput(print);
  const state = mkdtempSync(join(tmpdir(), "spillway-dry-run-"));
  // On exit, not after `run()`: the process that reads the pipe may exit at any moment, and then this process exits too.
  process.once("exit", () => rmSync(state, { recursive: true, force: true }));
  const code = await new Service({
    config: withoutTraces(config, state),
    mode: "once",
    version,
    clock: systemClock,
    env: {},
    deadline: call.options["deadline"] as number,
    secrets,
    secretFiles: [],
    memoryLimit,
    reload: (config) => ({ config, changed: [], atRestart: [], warnings: [], memoryLimit, secrets, secretFiles: [] }),
    output,
  }).run();
  call.terminal.err(`dry run: ${count(output.documents)} documents; nothing was sent and nothing was kept`);
  return code;
}

function withoutTraces(config: Config, state: string): Config {
  return {
    ...config,
    inputs: config.inputs.map((input) => ({ ...input, start: "beginning" })),
    buffer: { ...config.buffer, path: state },
    // No ladders: if the pipe is read slowly, the inputs wait, and no notification is sent.
    policies: {},
    output: { ...config.output, batch: { ...config.output.batch, age: 0 }, concurrency: 1, rate: 0 },
    admin: { ...config.admin, listen: "off" },
    log: { level: "warn" },
  };
}

async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

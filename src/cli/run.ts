// `spillway run` and `spillway drain`: run the agent in this process.
import type { Reloaded } from "../config/reload.ts";
import { EXIT, type ExitCode } from "../core/errors.ts";
import type { Config } from "../core/options.ts";
import { type Call, CONFIG_OPTIONS, type Command, configOf } from "./program/command.ts";
import { readDuration } from "./program/usage.ts";

const EXITS = {
  [EXIT.temporary]: "the state directory or the admin address is in use, or something could not be delivered in time",
  [EXIT.config]: "the configuration has faults",
} as const;

const DEADLINE = {
  flags: "--deadline <duration>",
  about: "gives up after this long without progress; what is left stays in the buffer",
  otherwise: "5m",
  read: readDuration,
} as const;

export const run: Command = {
  name: "run",
  group: "Run",
  about: "Runs the agent in the foreground",
  examples: [
    ["spillway run -c spillway.yml", "until SIGTERM or Ctrl-C"],
    ["spillway run -c spillway.yml --once", "reads every file to its current end, delivers it, and exits"],
    ["spillway run -c spillway.yml --dry-run | head -3", "the first documents, as the server would get them"],
  ],
  options: [
    ...CONFIG_OPTIONS,
    {
      flags: "--dry-run",
      about: "prints the documents of what can be read now, and exits; contacts no server and keeps no state",
    },
    { flags: "--once", about: "reads every file to its current end, delivers all of it, and exits" },
    DEADLINE,
  ],
  exits: EXITS,
  page: "reference/cli.md#run",
  run: async (call) => {
    if (call.options["dryRun"] !== true) return serve(call, call.options["once"] === true ? "once" : "follow");
    const { dryRun } = await import("./dry-run.ts");
    return dryRun(call);
  },
};

export const drain: Command = {
  name: "drain",
  group: "Recover",
  about: "Delivers what the buffer holds, reads nothing new, and exits",
  examples: [["spillway drain -c spillway.yml", "before a host is taken down"]],
  options: [...CONFIG_OPTIONS, DEADLINE],
  exits: EXITS,
  page: "reference/cli.md#drain",
  run: (call) => serve(call, "drain"),
};

async function serve(call: Call, mode: "follow" | "once" | "drain"): Promise<ExitCode> {
  const [{ Service }, { keepGarbageBounded }, { leaveThreadsBehind }, { systemClock }, { version }] = await Promise.all(
    [
      import("../agent/service.ts"),
      import("../agent/compact.ts"),
      import("../agent/leave.ts"),
      import("../core/clock.ts"),
      import("./version.ts"),
    ],
  );
  const { config, warnings, hidden, secrets, secretFiles, memoryLimit } = await configOf(call);
  if (warnings.length > 0) {
    const { renderFaults } = await import("../config/faults/render.ts");
    call.terminal.err(renderFaults(warnings, hidden));
  }
  const [{ reloadConfig }, cgroup] = await Promise.all([import("../config/reload.ts"), import("../ops/cgroup.ts")]);
  const files = call.options["config"] as readonly string[];
  const set = (call.options["set"] ?? []) as readonly string[];
  const reload = (inForce: Config): Reloaded =>
    reloadConfig({ files, set, env: process.env, memoryLimit: cgroup.memoryLimit(cgroup.readText) }, inForce);
  const deadline = call.options["deadline"] as number;
  const options = {
    config,
    mode,
    version,
    clock: systemClock,
    env: process.env,
    deadline,
    secrets,
    secretFiles,
    memoryLimit,
    reload,
  };
  keepGarbageBounded(options.clock);
  const service = new Service(options);
  const code = await service.run();
  if (service.hangs) leaveThreadsBehind(code);
  return code;
}

// `spillway run` and `spillway drain`: the agent as a process.
import { EXIT, type ExitCode } from "../core/errors.ts";
import { type Call, CONFIG_OPTIONS, type Command, configOf } from "./command.ts";
import { readDuration } from "./usage.ts";

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
  about: "Ships what the inputs find, in the foreground",
  examples: [
    ["spillway run -c spillway.yml", "until SIGTERM or Ctrl-C"],
    ["spillway run -c spillway.yml --once", "every file to its end, delivers all of it, and leaves"],
  ],
  options: [
    ...CONFIG_OPTIONS,
    { flags: "--once", about: "reads every file to the end that it has, delivers all of it, and exits" },
    DEADLINE,
  ],
  exits: EXITS,
  page: "reference/cli.md#run",
  run: (call) => serve(call, call.options["once"] === true ? "once" : "follow"),
};

export const drain: Command = {
  name: "drain",
  group: "Recover",
  about: "Delivers what the buffer holds, reads nothing new, and leaves",
  examples: [["spillway drain -c spillway.yml", "before a host is taken down"]],
  options: [...CONFIG_OPTIONS, DEADLINE],
  exits: EXITS,
  page: "reference/cli.md#drain",
  run: (call) => serve(call, "drain"),
};

async function serve(call: Call, mode: "follow" | "once" | "drain"): Promise<ExitCode> {
  const [{ Service }, { systemClock }, { version }] = await Promise.all([
    import("../agent/service.ts"),
    import("../core/clock.ts"),
    import("./version.ts"),
  ]);
  const { config, warnings, hidden } = await configOf(call);
  if (warnings.length > 0) {
    const { renderFaults } = await import("../config/render.ts");
    call.terminal.err(renderFaults(warnings, hidden));
  }
  const { loadConfig } = await import("../config/load.ts");
  const files = call.options["config"] as readonly string[];
  const set = (call.options["set"] ?? []) as readonly string[];
  const reload = (): typeof config => loadConfig({ files, set, env: process.env }).config;
  const deadline = call.options["deadline"] as number;
  return new Service({ config, mode, version, clock: systemClock, env: process.env, deadline, reload }).run();
}

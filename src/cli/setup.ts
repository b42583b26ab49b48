// `spillway setup`: puts what the documents need, such as the index template, on the server, or prints the requests.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./program/command.ts";
import { configOf, CONFIG_OPTIONS } from "./program/command.ts";
import { usageFault } from "./program/usage.ts";

/** Timeout for all requests together. */
const PATIENCE_MS = 60_000;

export const setup: Command = {
  name: "setup",
  group: "Run",
  about: "Installs the index template that the documents need",
  examples: [
    ["spillway setup -c spillway.yml --dry-run", "prints the requests, to read or to paste; changes nothing"],
    ["spillway setup -c spillway.yml --retention 30d", "also deletes documents after 30 days"],
  ],
  options: [
    ...CONFIG_OPTIONS,
    { flags: "--dry-run", about: "asks the server for its version and prints the requests; changes nothing" },
    {
      flags: "--retention <time>",
      about: "deletes documents that are older, for example 30d",
      read: readDays,
    },
  ],
  exits: {
    [EXIT.temporary]: "the server could not be reached",
    [EXIT.config]: "the configuration has faults, or the server refuses",
  },
  page: "reference/cli.md#setup",
  run,
};

async function run(call: Call): Promise<ExitCode> {
  const [{ systemClock }, { Api }, { plan, put }, { failure }] = await Promise.all([
    import("../core/clock.ts"),
    import("../outputs/elasticsearch/probe/api.ts"),
    import("../outputs/elasticsearch/setup/setup.ts"),
    import("../outputs/elasticsearch/connect.ts"),
  ]);
  const { config } = await configOf(call);
  const { terminal, options } = call;
  const api = new Api(config.output, systemClock, AbortSignal.timeout(PATIENCE_MS));
  try {
    const { server, steps } = await plan(api, config, options["retention"] as string | undefined);
    for (const step of steps) {
      if (options["dryRun"] === true) {
        terminal.out(`# ${step.what}\nPUT ${step.path}\n${JSON.stringify(step.body, null, 2)}\n`);
        continue;
      }
      await put(api, step);
      terminal.err(`${server}: ${step.what} is there`);
    }
    const next = "existing data streams use it from their next rollover on";
    terminal.err(options["dryRun"] === true ? `${server}: nothing was changed` : next);
    return EXIT.ok;
  } catch (error) {
    throw failure(error);
  } finally {
    api.close();
  }
}

function readDays(text: string, flags: string): string {
  if (/^[1-9]\d*[dhm]$/.test(text)) return text;
  throw usageFault(`${flags.split(" ")[0]} is \`${text}\`, needs a time in days, hours or minutes`, "for example 30d");
}

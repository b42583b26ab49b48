// `spillway demo`: runs the sandbox, the log generator and the agent in one process, and shows the ladder going up and down.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./program/command.ts";
import { longName, usageFault } from "./program/usage.ts";

/**
 * Shortest demo. Detecting that the output stalls, after which the buffer spills, takes 5 s, and so does holding a rung. In a
 * shorter demo the output is not slow for long enough, and no rung would act.
 */
const LEAST_SECONDS = 15;

export const demo: Command = {
  name: "demo",
  group: "Learn",
  about: "Shows an overload: sandbox, log generator and agent in one process; leaves nothing behind",
  examples: [
    ["spillway demo", "four acts in a minute; keys switch faults at any time"],
    ["spillway demo --seconds 20", "the same, faster"],
    ["spillway demo | cat", "plain lines without keys, as in a terminal of less than 80 x 24"],
    ["cd /tmp && spillway demo", "its files need up to 50 MB in the current directory, and are removed at the end"],
    ['spillway demo --faults "429=60%"', "with other faults in the bad acts"],
  ],
  options: [
    {
      flags: "--seconds <n>",
      about: `seconds that it runs, at least ${LEAST_SECONDS}`,
      otherwise: "60",
      read: readSeconds,
    },
    {
      flags: "--faults <list>",
      about: "instead of a slow output: slow rate 429 503 reset lost hang html 401 429-items 413 mapping down",
    },
  ],
  exits: { [EXIT.fault]: "the ledger did not add up, or it could not start" },
  page: "reference/cli.md#demo",
  run,
};

async function run({ options, terminal }: Call): Promise<ExitCode> {
  const { perform } = await import("./demo/perform.ts");
  const faults = options["faults"] as string | undefined;
  return perform({ totalMs: (options["seconds"] as number) * 1000, faults, terminal, within: process.cwd() });
}

function readSeconds(text: string, flags: string): number {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (seconds >= LEAST_SECONDS) return seconds;
  throw usageFault(`${longName(flags)} is \`${text}\`, needs a whole number of at least ${LEAST_SECONDS}`);
}

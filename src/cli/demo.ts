// `spillway demo`: sandbox, log generator and agent in one process, and the ladder climbing and coming down by itself.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./command.ts";
import { longName, usageFault } from "./usage.ts";

/** Less leaves no time for what takes 5 s: seeing that the output stalls, and holding a rung. */
/** In less the output is not slow for long enough: the buffer spills after 5 s, and no rung would act. */
const LEAST_SECONDS = 15;

export const demo: Command = {
  name: "demo",
  group: "Learn",
  about: "Plays an overload: sandbox, log generator and agent in one process, nothing left behind",
  examples: [
    ["spillway demo", "four acts in a minute; keys switch faults at any time"],
    ["spillway demo --seconds 20", "the same, faster"],
    ['spillway demo --faults "429=60%"', "with other faults in the bad acts"],
  ],
  options: [
    { flags: "--seconds <n>", about: "length of the play", otherwise: "60", read: readSeconds },
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

// `spillway losses`: lists the byte ranges that a policy sampled or dropped, and backfills them by reading the files again.
import type { LossFacts } from "../buffer/inspect/losses.ts";
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./program/command.ts";
import { CONFIG_OPTIONS, JSON_OPTION } from "./program/command.ts";
import type { State } from "./state/state-directory.ts";
import { STATE_OPTIONS, withState } from "./state/state-directory.ts";
import { readDuration } from "./program/usage.ts";

const PAGE = "reference/cli.md#losses";

export const losses: Command = {
  name: "losses",
  group: "Recover",
  about: "The byte ranges that a policy sampled or dropped: shows them, reads them again",
  examples: [
    ["spillway losses list -c spillway.yml", "each with its file, byte range and reason"],
    ["spillway losses backfill -c spillway.yml", "sends them from the log files, after an overload"],
  ],
  options: [],
  exits: {},
  page: PAGE,
  commands: [
    {
      name: "list",
      about: "Lists them, the oldest first",
      examples: [
        ["spillway losses list -c spillway.yml", "each with its file, byte range and reason"],
        ["spillway losses list --path /var/lib/spillway --input nginx --json", "of one input, as JSON"],
      ],
      options: [...STATE_OPTIONS, { flags: "--input <id>", about: "only those of one input" }, JSON_OPTION],
      exits: { [EXIT.config]: "the configuration has faults, or there is no such directory" },
      page: PAGE,
      run: (call) => withState(call, (state) => list(call, state)),
    },
    {
      name: "backfill",
      about: "Reads them again from the files that still have them, and sends what is missing under its own ids",
      examples: [
        ["spillway losses backfill -c spillway.yml", "all; the data of a running agent goes first"],
        ["spillway losses backfill -c spillway.yml --input nginx", "what one input lost"],
      ],
      options: [
        ...CONFIG_OPTIONS,
        { flags: "--input <id>", about: "only those of one input" },
        {
          flags: "--deadline <duration>",
          about: "gives up after this long without progress",
          otherwise: "5m",
          read: readDuration,
        },
        JSON_OPTION,
      ],
      exits: {
        [EXIT.temporary]: "some were refused, the server accepts nothing, or live data always came first: these stay",
        [EXIT.config]: "the configuration has faults, there is no such directory, or `output.ids` is `auto`",
      },
      page: PAGE,
      run: async (call) => (await import("./backfill/backfill.ts")).backfill(call),
    },
  ],
};

async function list({ terminal, options }: Call, { directory, db }: State): Promise<ExitCode> {
  const { readLosses } = await import("../buffer/inspect/losses.ts");
  const report = await import("./state/losses-report.ts");
  const ranges: Iterable<LossFacts> = db === undefined ? [] : readLosses(db, options["input"] as string | undefined);
  if (terminal.json) {
    terminal.out(JSON.stringify(report.lossesDocument(directory, [...ranges]), null, 2));
    return EXIT.ok;
  }
  const sums = new report.LossSums();
  for (const range of ranges) {
    if (sums.ranges === 0) terminal.out(report.LOSS_HEAD);
    sums.add(range);
    terminal.out(report.lossLine(range));
  }
  const whose = options["input"] === undefined ? "" : ` of input ${options["input"] as string}`;
  terminal.out(sums.ranges === 0 ? `no losses${whose}` : sums.line());
  return EXIT.ok;
}

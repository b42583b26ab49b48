// `spillway losses`: the byte ranges that a policy sampled or dropped.
import type { LossFacts } from "../buffer/losses-read.ts";
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./command.ts";
import { JSON_OPTION } from "./command.ts";
import type { State } from "./state-directory.ts";
import { STATE_OPTIONS, withState } from "./state-directory.ts";

const PAGE = "reference/cli.md#losses";

export const losses: Command = {
  name: "losses",
  group: "Recover",
  about: "Shows the byte ranges that a policy sampled or dropped",
  examples: [["spillway losses list -c spillway.yml", "each with its file, its span and the reason"]],
  options: [],
  exits: {},
  page: PAGE,
  commands: [
    {
      name: "list",
      about: "Lists them, the oldest first",
      examples: [
        ["spillway losses list -c spillway.yml", "each with its file, its span and the reason"],
        ["spillway losses list --path /var/lib/spillway --input nginx --json", "of one input, as a document"],
      ],
      options: [...STATE_OPTIONS, { flags: "--input <id>", about: "only those of one input" }, JSON_OPTION],
      exits: { [EXIT.config]: "the configuration has faults, or there is no such directory" },
      page: PAGE,
      run: (call) => withState(call, (state) => list(call, state)),
    },
  ],
};

async function list({ terminal, options }: Call, { directory, db }: State): Promise<ExitCode> {
  const { readLosses } = await import("../buffer/losses-read.ts");
  const report = await import("./losses-report.ts");
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

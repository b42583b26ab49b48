// `spillway inspect`: shows the durable content of a state directory, whether or not its agent runs, and checks its
// invariants.
import type { ExitCode } from "../core/errors.ts";
import { EXIT, SpillwayError } from "../core/errors.ts";
import type { Call, Command } from "./program/command.ts";
import { JSON_OPTION } from "./program/command.ts";
import { errorText } from "./program/failure.ts";
import type { State } from "./state/state-directory.ts";
import { STATE_OPTIONS, withState } from "./state/state-directory.ts";

export const inspect: Command = {
  name: "inspect",
  group: "Look",
  about: "Shows what a state directory holds, of a running or a stopped agent",
  examples: [
    ["spillway inspect -c spillway.yml", "what waits, what was lost, how far each file was read"],
    ["spillway inspect --path /var/lib/spillway --json", "the same as JSON, for a bug report"],
  ],
  options: [...STATE_OPTIONS, JSON_OPTION],
  exits: {
    [EXIT.fault]: "the state is inconsistent: the report says where",
    [EXIT.config]: "the configuration has faults, or there is no such directory",
  },
  page: "reference/cli.md#inspect",
  run: (call) => withState(call, (state) => look(call, state)),
};

async function look({ terminal }: Call, { directory, words, db }: State): Promise<ExitCode> {
  const { systemClock } = await import("../core/clock.ts");
  const { inspect: read, NOTHING_STORED } = await import("../buffer/inspect/inspect.ts");
  const { databaseSize } = await import("../buffer/spool/database.ts");
  const { findSources } = await import("./state/source-files.ts");
  const report = await import("./state/inspect-report.ts");
  const found = db === undefined ? NOTHING_STORED : read(db);
  const files = await findSources(found.sources, systemClock);
  const facts = { directory, found, files, size: databaseSize(directory), nowMs: systemClock.wall() };
  if (terminal.json) terminal.out(JSON.stringify(report.inspectDocument(facts), null, 2));
  else if (db === undefined) terminal.out(`${directory}: nothing was ever stored here`);
  else terminal.out(report.inspectLines(facts).join("\n"));
  if (found.violations.length > 0) {
    terminal.err(errorText(unsound(directory, found.violations.length), terminal));
    return EXIT.fault;
  }
  if (terminal.json) return EXIT.ok;
  if (found.losses.ranges > 0) terminal.err(`what was left out or dropped: spillway losses list${words}`);
  if (found.deadLetters.documents > 0) terminal.err(`what the server refused: spillway dead-letters list${words}`);
  return EXIT.ok;
}

function unsound(directory: string, violations: number): SpillwayError {
  const what = violations === 1 ? "a rule" : `${violations} rules`;
  return new SpillwayError("state-unsound", `the state in ${directory} breaks ${what} that must always hold`, {
    hint: "keep a copy of the directory and report it with `spillway inspect --json`",
  });
}

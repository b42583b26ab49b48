// `spillway dead-letters`: lists, shows, replays, purges and exports the documents that the server rejected permanently.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./program/command.ts";
import { CONFIG_OPTIONS, JSON_OPTION } from "./program/command.ts";
import type { State } from "./state/state-directory.ts";
import { STATE_OPTIONS, withState } from "./state/state-directory.ts";
import { IDS, INPUT_OPTION, letterMissing, numberOf } from "./letters/selection.ts";
import { readCount, readDuration } from "./program/usage.ts";

const EXITS = { [EXIT.config]: "the configuration has faults, or there is no such directory" };
const PAGE = "reference/cli.md#dead-letters";

export const deadLetters: Command = {
  name: "dead-letters",
  group: "Recover",
  about: "The documents that the server refused for good: shows, replays, exports, deletes them",
  examples: [
    ["spillway dead-letters list -c spillway.yml", "the newest ones, each with the reason"],
    ["spillway dead-letters show 17 -c spillway.yml", "one of them with its body"],
    ["spillway dead-letters replay -c spillway.yml", "sends them again, once the mapping is fixed"],
  ],
  options: [],
  exits: {},
  page: PAGE,
  commands: [
    {
      name: "list",
      about: "Lists them, the newest first",
      examples: [
        ["spillway dead-letters list -c spillway.yml", "the newest 50"],
        ["spillway dead-letters list --path /var/lib/spillway --input nginx --json", "of one input, as JSON"],
      ],
      options: [
        ...STATE_OPTIONS,
        { flags: "--limit <n>", about: "how many; 0 for all", otherwise: "50", read: readCount },
        INPUT_OPTION,
        JSON_OPTION,
      ],
      exits: EXITS,
      page: PAGE,
      run: (call) => withState(call, (state) => list(call, state)),
    },
    {
      name: "show",
      about: "Shows one with its body",
      examples: [["spillway dead-letters show 17 -c spillway.yml", "the number is in the list"]],
      args: [{ name: "<id>", about: "its number in the list" }],
      options: [...STATE_OPTIONS, JSON_OPTION],
      exits: EXITS,
      page: PAGE,
      run: (call) => withState(call, (state) => show(call, state)),
    },
    {
      name: "replay",
      about: "Sends them again, under the same ids",
      examples: [
        ["spillway dead-letters replay -c spillway.yml", "all, once the mapping is fixed"],
        ["spillway dead-letters replay 17 18 -c spillway.yml", "two of them"],
      ],
      args: [IDS],
      options: [
        ...CONFIG_OPTIONS,
        INPUT_OPTION,
        {
          flags: "--deadline <duration>",
          about: "gives up after this long without progress",
          otherwise: "1m",
          read: readDuration,
        },
        JSON_OPTION,
      ],
      exits: { ...EXITS, [EXIT.temporary]: "some were refused again, or the server accepts nothing: these stay" },
      page: PAGE,
      run: async (call) => (await import("./letters/replay.ts")).replay(call),
    },
    {
      name: "purge",
      about: "Deletes them",
      examples: [
        ["spillway dead-letters purge 17 -c spillway.yml", "one of them"],
        ["spillway dead-letters purge --all -c spillway.yml", "all"],
      ],
      args: [IDS],
      options: [...STATE_OPTIONS, INPUT_OPTION, { flags: "--all", about: "all of them" }, JSON_OPTION],
      exits: EXITS,
      page: PAGE,
      run: async (call) => (await import("./letters/purge.ts")).purge(call),
    },
    {
      name: "export",
      about: "Prints them with their records, one JSON document a line",
      examples: [["spillway dead-letters export -c spillway.yml > letters.ndjson", "all, the oldest first"]],
      args: [IDS],
      options: [...STATE_OPTIONS, INPUT_OPTION],
      exits: EXITS,
      page: PAGE,
      run: (call) => withState(call, async (state) => (await import("./letters/export.ts")).exportLetters(call, state)),
    },
  ],
};

async function list({ terminal, options }: Call, { directory, words, db }: State): Promise<ExitCode> {
  const { countDeadLetters, readDeadLetters } = await import("../buffer/inspect/dead-letters.ts");
  const report = await import("./letters/report.ts");
  const input = options["input"] as string | undefined;
  const limit = options["limit"] as number;
  const total = db === undefined ? 0 : countDeadLetters(db, input);
  const letters = db === undefined ? [] : [...readDeadLetters(db, { input, limit })];
  if (terminal.json) terminal.out(JSON.stringify(report.lettersDocument(directory, total, letters), null, 2));
  else if (letters.length === 0)
    terminal.out(input === undefined ? "no dead letters" : `no dead letters of input ${input}`);
  else {
    terminal.out(report.letterLines(letters).join("\n"));
    const more = total > letters.length ? `${letters.length} of ${total}, --limit 0 lists all; ` : "";
    terminal.err(`${more}with its body: spillway dead-letters show ${letters[0]?.id}${words}`);
  }
  return EXIT.ok;
}

async function show({ terminal, args }: Call, { directory, db }: State): Promise<ExitCode> {
  const { readDeadLetter } = await import("../buffer/inspect/dead-letters.ts");
  const report = await import("./letters/report.ts");
  const text = args[0] as string;
  const number = numberOf(text);
  const letter = db && readDeadLetter(db, number);
  if (letter === undefined) {
    throw letterMissing(text, directory);
  }
  if (terminal.json) terminal.out(JSON.stringify(report.letterDocument(directory, letter), null, 2));
  else terminal.out(report.wholeLetter(letter).join("\n"));
  return EXIT.ok;
}

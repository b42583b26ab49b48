// `spillway dead-letters`: the documents that the server refused for good.
import type { ExitCode } from "../core/errors.ts";
import { EXIT, SpillwayError } from "../core/errors.ts";
import type { Call, Command } from "./command.ts";
import { JSON_OPTION } from "./command.ts";
import type { State } from "./state-directory.ts";
import { STATE_OPTIONS, withState } from "./state-directory.ts";
import { readCount, usageFault } from "./usage.ts";

const EXITS = { [EXIT.config]: "the configuration has faults, or there is no such directory" };
const PAGE = "reference/cli.md#dead-letters";

export const deadLetters: Command = {
  name: "dead-letters",
  group: "Recover",
  about: "Shows the documents that the server refused for good",
  examples: [
    ["spillway dead-letters list -c spillway.yml", "the newest ones, each with the reason"],
    ["spillway dead-letters show 17 -c spillway.yml", "one of them with its body"],
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
        ["spillway dead-letters list --path /var/lib/spillway --input nginx --json", "of one input, as a document"],
      ],
      options: [
        ...STATE_OPTIONS,
        { flags: "--limit <n>", about: "how many; 0 for all", otherwise: "50", read: readCount },
        { flags: "--input <id>", about: "only those of one input" },
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
  ],
};

async function list({ terminal, options }: Call, { directory, words, db }: State): Promise<ExitCode> {
  const { countLetters, readLetters } = await import("../buffer/letters.ts");
  const report = await import("./letters-report.ts");
  const input = options["input"] as string | undefined;
  const limit = options["limit"] as number;
  const total = db === undefined ? 0 : countLetters(db, input);
  const letters = db === undefined ? [] : [...readLetters(db, { input, limit })];
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
  const { readLetter } = await import("../buffer/letters.ts");
  const report = await import("./letters-report.ts");
  const text = args[0] as string;
  if (!/^\d{1,15}$/.test(text)) throw usageFault(`<id> is \`${text}\`, needs a number of the list`);
  const letter = db && readLetter(db, Number(text));
  if (letter === undefined) {
    throw new SpillwayError("letter-missing", `there is no dead letter ${text} in ${directory}`, {
      hint: "`spillway dead-letters list` shows the numbers; the oldest go when `output.dead_letters` is full",
      exit: EXIT.usage,
    });
  }
  if (terminal.json) terminal.out(JSON.stringify(report.letterDocument(directory, letter), null, 2));
  else terminal.out(report.wholeLetter(letter).join("\n"));
  return EXIT.ok;
}

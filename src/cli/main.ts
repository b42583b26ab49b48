// The command line: words in, exit codes out. The only file that knows commander, which parses; what it would print itself
// (help, faults) is said by help.ts and usage.ts.
import { CommanderError, Option as ParserOption, Command as Parser } from "commander";
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command, Option } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { fail } from "./failure.ts";
import { commandHelp, overview } from "./help.ts";
import { processTerminal } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { didYouMean, longName, usageFault } from "./usage.ts";
import { version } from "./version.ts";

/** Called by bin/spillway.js. */
export async function start(): Promise<void> {
  const argv = process.argv.slice(2);
  // The reader of a pipe may leave when it has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.fault),
  );
  process.exitCode = await main(argv, processTerminal(argv), COMMANDS);
}

/** Runs the command that `argv` names, and never throws. */
export async function main(
  argv: readonly string[],
  terminal: Terminal,
  commands: readonly Command[],
): Promise<ExitCode> {
  if (argv[0] === "help") return main([...argv.slice(1), "--help"], terminal, commands);
  if (argv.length === 0 || argv[0] === "-h" || argv[0] === "--help") {
    terminal.out(overview(commands, terminal.columns));
    return EXIT.ok;
  }
  let code: ExitCode = EXIT.ok;
  const finish = (exit: ExitCode): void => void (code = exit);
  const parser = quiet(new Parser("spillway"), terminal).version(version, "-V, --version").helpCommand(false);
  for (const command of commands) parser.addCommand(parserOf(command, "", terminal, finish));
  try {
    await parser.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return error instanceof CommanderError ? stopped(error, argv, terminal, commands) : fail(error, terminal);
  }
}

type Described = Omit<Command, "group">;

function parserOf(command: Described, above: string, terminal: Terminal, finish: (exit: ExitCode) => void): Parser {
  const path = `${above} ${command.name}`.trim();
  const parser = quiet(new Parser(command.name), terminal).helpCommand(false);
  parser.configureHelp({ formatHelp: () => `${commandHelp(command, path, terminal.columns)}\n` });
  for (const { name, about } of command.args ?? []) parser.argument(name, about);
  for (const option of command.options) parser.addOption(optionOf(option));
  parser.addOption(new ParserOption("--no-color"));
  for (const sub of command.commands ?? []) parser.addCommand(parserOf(sub, path, terminal, finish));
  const { run } = command;
  if (run) {
    parser.action(async () =>
      finish(await run({ options: parser.opts(), args: parser.processedArgs as Call["args"], terminal })),
    );
  }
  return parser;
}

/** Throws instead of ending the process, and prints nothing but help. */
function quiet(parser: Parser, terminal: Terminal): Parser {
  return parser
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => {}, writeOut: (text) => terminal.out(text.trimEnd()) });
}

function optionOf({ flags, about, otherwise, repeat, read }: Option): ParserOption {
  const option = new ParserOption(flags, about);
  const value = (text: string): unknown => (read ? read(text, flags) : text);
  let given: readonly unknown[] = [];
  // The first one given takes the place of the default.
  option.argParser((text: string) => (repeat ? (given = [...given, value(text)]) : value(text)));
  if (otherwise !== undefined) option.default(repeat ? [value(otherwise)] : value(otherwise));
  return option;
}

/** What commander threw: help and version are done, the rest is a fault in the usage. */
function stopped(
  error: CommanderError,
  argv: readonly string[],
  terminal: Terminal,
  commands: readonly Command[],
): ExitCode {
  if (error.code === "commander.helpDisplayed" || error.code === "commander.version") return EXIT.ok;
  const path = pathOf(argv, commands);
  const help = `spillway${path.map(({ name }) => ` ${name}`).join("")} --help`;
  return fail(usageFault(sentence(error, path.at(-1), commands), help), terminal);
}

/** The commands that `argv` names, from the outermost. */
function pathOf(argv: readonly string[], commands: readonly Described[]): readonly Described[] {
  const at = argv.findIndex((word) => !word.startsWith("-"));
  const found = commands.find(({ name }) => name === argv[at]);
  return found ? [found, ...pathOf(argv.slice(at + 1), found.commands ?? [])] : [];
}

function sentence(error: CommanderError, command: Described | undefined, commands: readonly Described[]): string {
  const word = /'(.*?)'/s.exec(error.message)?.[1] ?? "";
  const names = (command?.commands ?? (command ? [] : commands)).map(({ name }) => name);
  switch (error.code) {
    case "commander.unknownOption": {
      const known = (command?.options ?? []).map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? flags);
      return `unknown option ${word}${didYouMean(word, [...known, "--help", "--no-color"])}`;
    }
    case "commander.unknownCommand":
      return `unknown command ${word}${didYouMean(word, names)}`;
    case "commander.help":
      return `which of its commands is missing: ${names.join(", ")}`;
    case "commander.missingArgument":
      return `argument ${word} is missing`;
    case "commander.optionMissingArgument":
      return `option ${longName(word)} needs a value`;
    case "commander.excessArguments":
      return "more arguments than it takes";
    default:
      return error.message.replace(/^error: /, "");
  }
}

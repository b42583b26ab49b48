// Parses the command line, runs the command and returns the exit code. Only this file uses commander. commander's own help
// and error texts are replaced by those of help.ts and usage.ts.
import { CommanderError, Option as ParserOption, Command as Parser } from "commander";
import { leaveThreadsBehind } from "../agent/leave.ts";
import { systemClock } from "../core/clock.ts";
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import { isStuck } from "../inputs/file/mounts/caller.ts";
import type { Call, Command, Option } from "./program/command.ts";
import { COMMANDS } from "./program/commands.ts";
import { fail } from "./program/failure.ts";
import { commandHelp, overview } from "./program/help.ts";
import { processTerminal } from "./terminal/terminal.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { didYouMean, longName, usageFault } from "./program/usage.ts";
import { version } from "./version.ts";

/** Time after an internal fault in which the output is written and threads may end by themselves. */
const LEAVE_MS = 2000;

/** Called by bin/spillway.js. */
export async function start(): Promise<void> {
  const argv = process.argv.slice(2);
  // The process that reads the pipe may exit when it has read enough, as `head` does.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.fault),
  );
  const code = await main(argv, processTerminal(argv), COMMANDS);
  process.exitCode = code;
  // An internal fault leaves threads and timers that nobody ends any more.
  if (code === EXIT.fault) systemClock.after(LEAVE_MS, () => process.exit(code));
  // A thread is blocked in a call to a file server that does not answer.
  if (isStuck()) leaveThreadsBehind(code);
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

/** Makes the parser throw instead of exiting, and print nothing but help and version. */
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
  // The values given replace the default instead of being appended to it.
  option.argParser((text: string) => (repeat ? (given = [...given, value(text)]) : value(text)));
  if (otherwise !== undefined) option.default(repeat ? [value(otherwise)] : value(otherwise));
  return option;
}

/** Handles an error of commander: help and version were printed already, anything else is wrong usage. */
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

/** The command and its subcommands that `argv` names, outermost first. */
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

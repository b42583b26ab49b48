// Generates the man page in man(7) format from the commands.
import type { Command, Option } from "../../src/cli/program/command.ts";
import { COMMON_EXITS } from "../../src/cli/program/help.ts";
import { entries } from "./command-tree.ts";

export interface ManPage {
  readonly version: string;
  /** YYYY-MM-DD. */
  readonly date: string;
}

export function manPage(commands: readonly Command[], { version, date }: ManPage): string {
  const described = entries(commands).filter(({ command }) => command !== undefined);
  return [
    `.TH SPILLWAY 1 ${date} "spillway ${version}" "User Commands"`,
    section("NAME"),
    "spillway \\- ship log files, and keep your head when the destination can't keep up",
    section("SYNOPSIS"),
    ".B spillway",
    ".I COMMAND",
    "[options]",
    section("DESCRIPTION"),
    paragraph(
      "spillway tails log files and ships them to Elasticsearch. When the destination is slow or away, reading waits, a disk takes the overflow, and a ladder of your choice thins or drops. Every record is accounted for, to the byte.",
    ),
    section("COMMANDS"),
    ...described.flatMap(({ path, command }) => describe(path, command as Omit<Command, "group">)),
    section("SIGNALS"),
    ...tagged(
      "SIGTERM, SIGINT",
      "Deliver for at most shutdown.grace, keep the rest on disk, leave. A second one skips the delivering.",
    ),
    ...tagged("SIGHUP", "Read the configuration again. A wrong one changes nothing."),
    ...tagged("SIGUSR1", "Write a summary to the log."),
    section("EXIT STATUS"),
    ...tagged("0", "Done."),
    ...tagged("1", "A fault inside spillway."),
    ...tagged("64", "Wrong usage of the command line."),
    ...tagged("75", "A temporary failure; nothing is lost, the same call may work later."),
    ...tagged("78", "Wrong configuration, or a Node that is too old."),
    section("FILES"),
    ...tagged("/etc/spillway/spillway.yml", "The configuration; conf.d/*.yml beside it is merged."),
    ...tagged("/var/lib/spillway", "The state: positions, buffer, losses, dead letters."),
    section("SEE ALSO"),
    paragraph("/usr/share/doc/spillway, systemctl(1), journalctl(1)"),
    "",
  ].join("\n");
}

function describe(path: string, command: Omit<Command, "group">): readonly string[] {
  const args = (command.args ?? []).map(({ name }) => ` ${name}`).join("");
  const exits = Object.entries(command.exits).filter(([code]) => !(code in COMMON_EXITS));
  return [
    `.SS "spillway ${path}${command.commands ? " COMMAND" : ""}${escape(args)}"`,
    escape(`${command.about}.`),
    ...(command.args ?? []).flatMap(({ name, about }) => tagged(name, about)),
    ...command.options.flatMap((option) => tagged(option.flags, meaning(option))),
    ...exits.flatMap(([code, when]) => tagged(`exit ${code}`, when)),
    ".PP",
    "Examples:",
    ".PP",
    ".nf",
    ".RS 4",
    ...command.examples.map(([line]) => escape(line)),
    ".RE",
    ".fi",
  ];
}

function meaning({ about, otherwise }: Option): string {
  return otherwise === undefined ? about : `${about} (default: ${otherwise})`;
}

function section(name: string): string {
  return `.SH "${name}"`;
}

function tagged(tag: string, text: string): readonly string[] {
  return [".TP", `.B ${escape(tag)}`, escape(text)];
}

function paragraph(text: string): string {
  return escape(text);
}

/** Escapes backslashes and hyphens, and a leading `.` or `'`, which would begin a request. */
function escape(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/, "\\&$1");
}

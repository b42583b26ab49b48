// Generates static completion files for bash, zsh and fish, so that pressing TAB starts no process.
import type { Command } from "../../src/cli/program/command.ts";
import { type Entry, FILES, choices, entries, flagsOf, words } from "./command-tree.ts";

const MADE = "# Completions of spillway; made from its commands.";

export function bashCompletion(commands: readonly Command[]): string {
  const all = entries(commands);
  const values = all.flatMap(({ options }) => options.map(flagsOf)).filter(({ value }) => value !== undefined);
  const patterns = (those: typeof values): string => {
    return [...new Set(those.flatMap(({ short, long }) => (short === undefined ? [long] : [short, long])))].join("|");
  };
  const files = patterns(values.filter(({ value }) => FILES.includes(value as string)));
  const others = patterns(values.filter(({ value }) => !FILES.includes(value as string)));
  const paths = all.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  return `${MADE}
_spillway() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path="" words="" next i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case $next in ${paths.join("|")}) path=$next ;; esac
  done
  COMPREPLY=()
  case $prev in
    ${files}) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    ${others}) return ;;
  esac
  case $path in
${all.map((entry) => `    "${entry.path}") words="${words(entry).join(" ")}" ;;`).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _spillway spillway
`;
}

export function zshCompletion(commands: readonly Command[]): string {
  return `#compdef spillway
${MADE}
${entries(commands).map(zshFunction).join("\n")}
_spillway "$@"
`;
}

function zshFunction(entry: Entry): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const specs = entry.options.map((option) => {
    const { short, long, value } = flagsOf(option);
    const about = `[${option.about.replace(/[[\]\\]/g, "\\$&")}]`;
    const action = value === undefined ? "" : `:${value}:${FILES.includes(value) ? "_files" : ""}`;
    const many = option.repeat ? "*" : "";
    if (short === undefined) return quote(`${many}${long}${about}${action}`);
    const names = `{${short},${long}}`;
    return option.repeat
      ? `'*'${names}${quote(about + action)}`
      : `'(${short} ${long})'${names}${quote(about + action)}`;
  });
  const name = `_spillway${entry.path === "" ? "" : `_${entry.path.replaceAll(/[ -]/g, "_")}`}`;
  const lines = specs.map((spec) => `    ${spec}`).join(" \\\n");
  const values = choices(entry);
  const rest = values.length === 0 ? "*:file:_files" : `1:value:(${values.join(" ")})`;
  if (entry.commands.length === 0) return `${name}() {\n  _arguments -s \\\n${lines} \\\n    '${rest}'\n}`;
  const list = entry.commands.map(({ name, about }) => quote(`${name}:${about.replaceAll(":", "\\:")}`)).join(" ");
  const cases = entry.commands
    .map((one) => `        ${one.name}) ${name}_${one.name.replaceAll("-", "_")} ;;`)
    .join("\n");
  return `${name}() {
  local line state
  local -a commands=(${list})
  _arguments -C \\
${lines} \\
    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${cases}
      esac ;;
  esac
}`;
}

export function fishCompletion(commands: readonly Command[]): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = entries(commands).flatMap((entry) => {
    const seen = entry.path.split(" ").filter((word) => word !== "");
    const below = entry.commands.map(({ name }) => name);
    const conditions = [
      ...seen.map((word) => `__fish_seen_subcommand_from ${word}`),
      ...(below.length > 0 ? [`not __fish_seen_subcommand_from ${below.join(" ")}`] : []),
    ];
    const when = conditions.length === 0 ? "" : ` -n ${quote(conditions.join("; and "))}`;
    const options = entry.options.map((option) => {
      const { short, long, value } = flagsOf(option);
      const takes = value === undefined ? "" : FILES.includes(value) ? " -r -F" : " -x";
      const letter = short === undefined ? "" : ` -s ${short.slice(1)}`;
      return `complete -c spillway${when}${letter} -l ${long.slice(2)}${takes} -d ${quote(option.about)}`;
    });
    const names = entry.commands.map(({ name, about }) => `complete -c spillway${when} -a ${name} -d ${quote(about)}`);
    const values = choices(entry);
    const rest = values.length === 0 ? [] : [`complete -c spillway${when} -a ${quote(values.join(" "))}`];
    return [...names, ...options, ...rest];
  });
  return `${MADE}\ncomplete -c spillway -f\n${lines.join("\n")}\n`;
}

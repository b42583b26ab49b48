// Generates config/schema.json, docs/reference/config.md and docs/reference/cli.md from the source. Run it after a change to
// the configuration's keys or to a command; a test fails while one of the files is stale.
import { writeFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";
import type { Command } from "../src/cli/program/command.ts";
import { COMMANDS } from "../src/cli/program/commands.ts";
import { commandHelp, overview } from "../src/cli/program/help.ts";
import { schema } from "../src/config/schema/index.ts";

interface Json {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: string;
  readonly examples?: readonly string[];
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly items?: Json;
  readonly anyOf?: readonly Json[];
  readonly oneOf?: readonly Json[];
  readonly additionalProperties?: boolean | Json;
}

const MADE = "<!-- Made by scripts/generate-reference.ts from the source: change it there. -->";

/** The text of every generated file, by path. */
export function references(): ReadonlyMap<string, string> {
  const json = configSchema();
  return new Map([
    ["config/schema.json", `${JSON.stringify(json, null, 2)}\n`],
    ["docs/reference/config.md", configPage(json)],
    ["docs/reference/cli.md", cliPage(COMMANDS)],
  ]);
}

function configSchema(): Json {
  const made = toJsonSchema(schema as unknown as Parameters<typeof toJsonSchema>[0], {
    typeMode: "ignore",
    errorMode: "throw",
    ignoreActions: ["raw_transform"],
  });
  return { ...made, title: "Configuration of spillway" } as unknown as Json;
}

function configPage(json: Json): string {
  const intro = [
    MADE,
    "# Configuration",
    "YAML 1.2. Unknown keys are refused. A size is `64MiB` (kB is 1000, KiB is 1024), a duration `30s` or `1h30m`, a ratio `70%` or `0.7`, a rate `10MiB/s`; the unit is required, only `0` needs none. In values `${NAME}`, `${NAME:-default}`, `${file:/path}` and `${credential:NAME}` are substituted; `$${` is a literal `${`.",
    "Several `-c` are merged in order, each with the `conf.d/*.yml` beside it: maps merge, lists are replaced, `inputs` merge by `id`. `--set output.hosts=http://es1:9200` wins over all; below `inputs` the first word is an id: `--set inputs.nginx.start=end`. [`config/spillway.yml`](../../config/spillway.yml) is a start, `spillway check` shows every value in effect, [errors.md](../errors.md) explains each fault.",
  ];
  const sections = Object.entries(json.properties ?? {}).map(([name, one]) => section(name, one));
  return `${[...intro, ...sections].join("\n\n")}\n`;
}

function section(name: string, json: Json): string {
  const rungs = json.additionalProperties;
  const ladder = typeof rungs === "object" ? rungs.items : undefined;
  const intro = [`## ${name}`, sentence(json.description ?? "")];
  if (ladder) return [...intro, ...ladderTables(ladder, json.default)].join("\n\n");
  return [...intro, table(json.items ?? json)].join("\n\n");
}

function ladderTables(ladder: Json, otherwise: unknown): readonly string[] {
  const actions = (ladder.anyOf ?? ladder.oneOf ?? []).map((rung) => {
    return `### ${rung.properties?.["action"]?.const}\n\n${table(rung)}`;
  });
  return [
    `A list of rungs by rising \`enter\`, for each name. Without \`policies\`, and for inputs that name none:\n\n\`\`\`json\n${JSON.stringify(otherwise, null, 2)}\n\`\`\``,
    ...actions,
  ];
}

function table(json: Json): string {
  const rows = rowsOf(json, "");
  return ["| key | value | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

function rowsOf(json: Json, above: string): readonly string[] {
  return Object.entries(json.properties ?? {}).flatMap(([name, one]) => {
    const path = `${above}${name}`;
    if (one.properties) return [row(path, "map", undefined, one.description), ...rowsOf(one, `${path}.`)];
    const fallback = json.required?.includes(name) === true ? "required" : otherwise(one.default);
    return [row(path, valueText(one), fallback, one.description)];
  });
}

function row(...cells: readonly (string | undefined)[]): string {
  const [key, ...rest] = cells;
  return `| \`${key}\` | ${rest.map((cell) => (cell ?? "").replaceAll("|", "\\|")).join(" | ")} |`;
}

function otherwise(value: unknown): string {
  return value === undefined ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function valueText(json: Json): string {
  if (json.enum) return json.enum.map((word) => `\`${String(word)}\``).join(", ");
  if (json.const !== undefined) return `\`${json.const}\``;
  if (json.anyOf) return json.anyOf.map(valueText).join(" or ");
  if (json.title !== undefined) return json.title;
  if (json.examples) return json.examples.map((text) => `\`${text}\``).join(", ");
  if (json.items) return `list of ${valueText(json.items)}`;
  if (json.additionalProperties) return `map of name to ${valueText(json.additionalProperties as Json)}`;
  return typeof json.type === "string" ? json.type : "any";
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function cliPage(commands: readonly Command[]): string {
  const pages = commands.flatMap((command) => [
    `## ${command.name}\n\n${block(commandHelp(command, command.name, 80))}`,
    ...(command.commands ?? []).map(
      (sub) => `### ${command.name} ${sub.name}\n\n${block(commandHelp(sub, `${command.name} ${sub.name}`, 80))}`,
    ),
  ]);
  return `${[MADE, "# Command line", block(overview(commands, 80)), ...pages].join("\n\n")}\n`;
}

function block(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

if (import.meta.main) {
  for (const [file, text] of references()) writeFileSync(new URL(`../${file}`, import.meta.url), text);
}

// `spillway import`: takes over another agent's file offsets, so that replacing that agent with spillway ships nothing twice
// and misses nothing.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command, Option } from "./program/command.ts";
import { CONFIG_OPTIONS, JSON_OPTION } from "./program/command.ts";
import type { Reading } from "./import/entry.ts";
import { readCount, usageFault } from "./program/usage.ts";

const PAGE = "migrate.md";
const EXITS = {
  [EXIT.temporary]: "an agent runs on the state directory, or the other agent still runs",
  [EXIT.config]: "the configuration has faults, or there is no state of that agent in a known version",
} as const;
const DRY_RUN: Option = { flags: "--dry-run", about: "says what would be taken over, and writes nothing" };
const HEADER: Option = {
  flags: "--ignored-header-bytes <n>",
  about: "the value of fingerprint.ignored_header_bytes in Vector's configuration",
  otherwise: "0",
  read: readCount,
};

interface Agent {
  readonly name: string;
  readonly about: string;
  /** Default state path of the agent's packages; undefined if they have none. */
  readonly from: string | undefined;
  readonly what: string;
  readonly options?: readonly Option[];
  readonly read: (from: string) => Promise<Reading>;
}

const AGENTS: readonly Agent[] = [
  {
    name: "filebeat",
    about: "Takes over the registry of Filebeat 6 to 9",
    from: "/var/lib/filebeat",
    what: "its data directory, or the registry itself",
    read: async (from) => (await import("./import/filebeat.ts")).readFilebeat(from),
  },
  {
    name: "fluent-bit",
    about: "Takes over the database of Fluent Bit's tail input",
    from: undefined,
    what: "the file that `DB` of a tail input names; may be given several times",
    read: async (from) => (await import("./import/fluent-bit.ts")).readFluentBit(from),
  },
  {
    name: "vector",
    about: "Takes over the checkpoints of Vector's file and kubernetes_logs sources",
    from: "/var/lib/vector",
    what: "its data directory, or that of one source",
    options: [HEADER],
    read: async (from) => (await import("./import/vector.ts")).readVector(from),
  },
];

export const importOffsets: Command = {
  name: "import",
  group: "Run",
  about: "Takes over the file offsets of another agent",
  examples: [
    ["spillway import filebeat -c spillway.yml --dry-run", "what would be taken over, file by file"],
    ["spillway import filebeat -c spillway.yml", "takes it over; the next run continues there"],
  ],
  options: [],
  exits: {},
  page: PAGE,
  commands: AGENTS.map(commandOf),
};

function commandOf(agent: Agent): Omit<Command, "group"> {
  const { name, about, from, what, options = [] } = agent;
  const place = from === undefined ? " --from /var/lib/fluent-bit/tail.db" : "";
  const fallback = from === undefined ? {} : { otherwise: from };
  return {
    name,
    about,
    examples: [
      [`spillway import ${name}${place} -c spillway.yml --dry-run`, "what would be taken over, file by file"],
      [`spillway import ${name}${place} -c spillway.yml`, "takes it over; the next run continues there"],
    ],
    options: [
      { flags: "--from <path>", about: what, repeat: true, ...fallback },
      ...CONFIG_OPTIONS,
      ...options,
      DRY_RUN,
      JSON_OPTION,
    ],
    exits: EXITS,
    page: PAGE,
    run: (call) => take(call, agent),
  };
}

async function take(call: Call, agent: Agent): Promise<ExitCode> {
  if (call.options["from"] === undefined)
    throw usageFault("option --from is missing: name the file that `DB` of its tail input names");
  return (await import("./import/take.ts")).takeOver(call, agent);
}

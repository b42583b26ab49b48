// `spillway import`: takes over how far another agent has read each file, so that nothing is shipped twice and nothing is
// missed when one takes the other's place.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { KnownSource } from "../core/source.ts";
import type { Call, Command, Option } from "./command.ts";
import { CONFIG_OPTIONS, configOf, JSON_OPTION } from "./command.ts";
import type { Reading } from "./import/entry.ts";
import type { Plan } from "./import/plan.ts";
import { readCount, usageFault } from "./usage.ts";

const PAGE = "migrate.md";
const EXITS = {
  [EXIT.temporary]: "an agent runs on the state directory, or the other agent has its own in use",
  [EXIT.config]: "the configuration has faults, or there is no state of that agent, or of no known version",
} as const;
const DRY_RUN: Option = { flags: "--dry-run", about: "says what would be taken over, and writes nothing" };
const HEADER: Option = {
  flags: "--ignored-header-bytes <n>",
  about: "what fingerprint.ignored_header_bytes is in Vector's configuration",
  otherwise: "0",
  read: readCount,
};

interface Agent {
  readonly name: string;
  readonly about: string;
  /** Where packages of it keep the state. */
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
    ["spillway import filebeat -c spillway.yml", "takes it over; the next run goes on there"],
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
      [`spillway import ${name}${place} -c spillway.yml`, "takes it over; the next run goes on there"],
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
  const { terminal, options } = call;
  const from = options["from"] as readonly string[] | undefined;
  if (from === undefined) throw usageFault("option --from is missing: where its database lies is for its `DB` to say");
  const { config } = await configOf(call);
  const { addSources, knownSources } = await import("./import/state.ts");
  const report = await import("./import/report.ts");
  const { merge } = await import("./import/entry.ts");
  const reading = merge(await Promise.all(from.map(agent.read)));
  const choose = await chooser(reading, config.inputs, options);
  const directory = config.buffer.path;
  const mode = options["dryRun"] === true ? "dry run" : "written";
  const { plan } = await (mode === "dry run" ? choose(knownSources(directory)) : addSources(directory, choose));
  const facts = { agent: agent.name, reading, plan, directory, mode } as const;
  if (terminal.json) {
    terminal.out(JSON.stringify(report.importDocument(facts), null, 2));
    return EXIT.ok;
  }
  for (const line of report.faultLines(reading.faults))
    terminal.err(`${terminal.paintErr("warning", "warning:")} ${line}`);
  terminal.out(report.importLines(facts).join("\n"));
  const words = (options["config"] as readonly string[]).map((file) => ` -c ${file}`).join("");
  terminal.err(
    mode === "dry run"
      ? `nothing was written; next: stop ${agent.name} for good, then the same without --dry-run`
      : `next: spillway run${words}; ${agent.name} must stay stopped`,
  );
  return EXIT.ok;
}

type Choose = (known: readonly KnownSource[]) => Promise<{ plan: Plan; sources: readonly KnownSource[] }>;

async function chooser(
  reading: Reading,
  inputs: import("../core/options.ts").Config["inputs"],
  options: Call["options"],
): Promise<Choose> {
  const [{ systemClock }, { Scope }, { Heads }, { Finder }, { plan: decide }] = await Promise.all([
    import("../core/clock.ts"),
    import("./import/scope.ts"),
    import("./import/heads.ts"),
    import("./import/find.ts"),
    import("./import/plan.ts"),
  ]);
  const skipped = (options["ignoredHeaderBytes"] as number | undefined) ?? 0;
  return async (known) => {
    const paths = reading.entries.map(({ path }) => path).filter((path) => path !== undefined);
    const scope = await Scope.look(inputs, paths, systemClock);
    const finder = new Finder(scope, new Heads(scope.files, skipped));
    const plan = decide({ reading, inputs, scope, finder, known, nowMs: systemClock.wall() });
    return { plan, sources: plan.taken.filter(({ how }) => how !== "kept").map(({ source }) => source) };
  };
}

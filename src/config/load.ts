// Loads a configuration: read, parse, merge, substitute, fit, validate, check. One run reports all faults of all files. Each
// wrong value is reported by the first step that detects it, and later steps ignore it.
import type { Config } from "../core/options.ts";
import { effective } from "./effective.ts";
import { ConfigError, sortFaults } from "./faults/fault.ts";
import type { Fault } from "./faults/fault.ts";
import { fit } from "./values/fit.ts";
import { readLayers } from "./yaml/layers.ts";
import { defaultMemory } from "./values/memory.ts";
import { mergeLayers } from "./yaml/merge.ts";
import type { Place, Source } from "./yaml/place.ts";
import { present, Report } from "./faults/report.ts";
import { reservedInputType } from "./faults/reserved.ts";
import { budgetRules } from "./rules/budget.ts";
import { inputRules } from "./rules/inputs.ts";
import { ladderRules } from "./rules/ladders.ts";
import { notifyRules } from "./rules/notify.ts";
import { outputRules } from "./rules/output.ts";
import { schema } from "./schema/index.ts";
import type { Read } from "./schema/index.ts";
import { sayIssue } from "./faults/say.ts";
import { hideSecrets } from "./faults/secrets.ts";
import { parseSets } from "./yaml/set.ts";
import { Substitution } from "./yaml/substitute.ts";
import type { Environment } from "./yaml/substitute.ts";
import type { Path, Tree } from "./yaml/tree.ts";
import { eachScalar, find, mapScalars } from "./yaml/tree.ts";
import { validate } from "./values/vocabulary.ts";
import { parseYaml } from "./yaml/yaml.ts";

export interface LoadOptions {
  /** Files or directories, as the user named them. */
  readonly files: readonly string[];
  /** `--set` options, each `key=value`. */
  readonly set?: readonly string[];
  readonly env: Environment;
  /** Base of relative paths in the configuration; default: the process's working directory. */
  readonly cwd?: string;
  /** Memory limit of the process in bytes; undefined if there is none. */
  readonly memoryLimit?: number | undefined;
  /** The caller needs only the state directory: failed substitutions in other options are then no faults. */
  readonly onlyState?: boolean;
  /** The caller contacts no server: a credential that only the unit of systemd can see is a warning. */
  readonly noCredentials?: boolean;
}

export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly Fault[];
  /** The files that were read, in order. */
  readonly files: readonly string[];
  /** Values that no output may show: those from files, credentials, and variables named like secrets. */
  readonly secrets: ReadonlySet<string>;
  /** Files whose content is part of the configuration: secrets, certificates. */
  readonly secretFiles: readonly string[];
  /** Places of secrets in the files, which no frame may show. */
  readonly hidden: readonly Place[];
  /** Same as in the options; the default of `buffer.memory` depends on it. */
  readonly memoryLimit: number | undefined;
}

/** Throws one ConfigError with all faults. */
export function loadConfig(options: LoadOptions): Loaded {
  const faults: Fault[] = [];
  return loadSources(readLayers(options.files, faults), faults, options);
}

/** Loads a configuration from a text instead of files. */
export function loadText(name: string, text: string, options: Omit<LoadOptions, "files">): Loaded {
  return loadSources([{ name, text }], [], options);
}

function loadSources(sources: readonly Source[], faults: Fault[], options: Omit<LoadOptions, "files">): Loaded {
  const sets = parseSets(options.set ?? []);
  const readable = faults.length === 0;
  const parsed = sources.map((source) => (source.text === undefined ? undefined : parseYaml(source, faults)));
  // If a file could not be read or parsed, part of the configuration is absent, so missing keys are not faults.
  const complete = readable && parsed.every((tree) => tree !== undefined);
  const root = rootOf(sources, sets.source);
  const merged = mergeLayers([...parsed.filter((tree) => tree !== undefined), ...sets.layers]) ?? root;
  const substitution = new Substitution(options.env);
  const tree = mapScalars(emptyIsMap(merged), (scalar) => substitution.apply(scalar));
  const state = find(tree, ["buffer", "path"])?.at;
  const substituting = [...substitution.faults, ...substitution.unseen];
  const unseen = substitution.unseen.filter(({ at }) => options.noCredentials === true && at !== state);
  const needed = substituting.filter((fault) => options.onlyState !== true || fault.at === state);
  faults.push(...needed.filter((fault) => !unseen.includes(fault)));

  const report = new Report(tree);
  markSubstitutions(tree, substituting, unseen, report);
  const read = check(tree, complete, options, report);
  // Collect from every layer: a value overridden by another layer is still a secret.
  const hidden = [...parsed, ...sets.layers].flatMap((layer) => (layer ? secretPlaces(layer) : []));
  const order = [...sources.map((source) => source.name), sets.source.name];
  // A secret that was substituted into the wrong option must still be hidden.
  const say = (fault: Fault): Fault => ({ ...fault, message: hideSecrets(fault.message, substitution.secrets) });
  const errors = sortFaults([...faults, ...report.faults].map(say), order);
  const warnings = sortFaults([...unseen.map(toWarning), ...report.warnings].map(say), order);
  if (errors.length > 0) throw new ConfigError(errors, warnings, hidden);
  const config = effective(read, options.cwd ?? process.cwd(), options.env);
  const { ca, cert, key } = config.output.tls;
  return {
    config,
    warnings,
    files: sources.map((source) => source.name),
    secrets: substitution.secrets,
    secretFiles: [...substitution.files, ca, cert, key].filter((file) => file !== undefined),
    hidden,
    memoryLimit: options.memoryLimit,
  };
}

type Host = Pick<LoadOptions, "env" | "memoryLimit" | "onlyState">;

function check(tree: Tree, complete: boolean, { env, memoryLimit, onlyState }: Host, report: Report): Read {
  reservedTypes(tree, report);
  const isSet = (path: Path): boolean => find(tree, path) !== undefined;
  const { output: given, issues } = validate(schema, fit(schema, tree, report) ?? {});
  const output = withDefaultMemory(withDefaultLadder(given), isSet(["buffer", "memory"]), memoryLimit);
  for (const issue of issues) sayIssue(tree, issue, complete, report);
  if (complete) {
    inputRules(output, report);
    budgetRules(output, isSet, report, memoryLimit);
    ladderRules(output, report);
    // Both rules access files that may belong to another user.
    if (onlyState !== true) {
      notifyRules(output, env["PATH"], report);
      outputRules(output, report);
    }
  }
  return output;
}

/** Adds the built-in ladder `default` if an input uses it, even if the user defines other ladders. */
function withDefaultLadder(read: Read): Read {
  const { policies } = validate(schema, {}).output;
  const wanted = present(read.inputs).some(([, input]) => input.policy === "default");
  return wanted ? { ...read, policies: { ...policies, ...read.policies } } : read;
}

function withDefaultMemory(read: Read, isSet: boolean, limit: number | undefined): Read {
  return isSet ? read : { ...read, buffer: { ...read.buffer, memory: defaultMemory(limit) } };
}

function reservedTypes(tree: Tree, report: Report): void {
  const inputs = find(tree, ["inputs"]);
  if (inputs?.kind !== "list") return;
  inputs.items.forEach((_, i) => {
    const path = ["inputs", i, "type"];
    const type = find(tree, path);
    const refusal = type?.kind === "scalar" ? reservedInputType(type.value) : undefined;
    // Its other keys are not those of a file input, so no more faults are reported for this input.
    if (refusal) report.error(path, { code: "reserved", ...refusal });
    if (refusal) report.alreadyWrong(["inputs", i]);
  });
}

function toWarning(fault: Fault): Fault {
  return { ...fault, severity: "warning" };
}

function rootOf(sources: readonly Source[], sets: Source): Tree {
  const source = sources.find((one) => one.text !== undefined) ?? sets;
  return { kind: "map", at: { source, from: 0, to: 0 }, entries: new Map() };
}

/** Treats an empty file as an empty map. */
function emptyIsMap(tree: Tree): Tree {
  return tree.kind === "scalar" && tree.value === null ? { kind: "map", at: tree.at, entries: new Map() } : tree;
}

function markSubstitutions(tree: Tree, faults: readonly Fault[], unseen: readonly Fault[], report: Report): void {
  const places = new Map([...faults, ...unseen].map((fault) => [fault.at, unseen.includes(fault)]));
  eachScalar(tree, (scalar, path) => {
    const isUnseen = places.get(scalar.at);
    if (isUnseen === true) report.cannotSee(path);
    else if (isUnseen === false) report.alreadyWrong(path);
  });
}

const SECRET = ["auth", "notify", "proxy"] as const;

/** The places of all values below these keys, even below misspelt ones. */
function secretPlaces(tree: Tree): readonly Place[] {
  const places: Place[] = [];
  eachScalar(tree, (scalar, path: Path) => {
    if (SECRET.some((name) => path.includes(name))) places.push(scalar.at);
  });
  return places;
}

// From files to options: read, parse, merge, substitute, fit, validate, check. All faults of all files in one run; the
// first stage that knows a value to be wrong says so, and the later ones are silent about it.
import type { Config } from "../core/options.ts";
import { effective } from "./effective.ts";
import { ConfigError, sortFaults } from "./fault.ts";
import type { Fault } from "./fault.ts";
import { fit } from "./fit.ts";
import { readLayers } from "./layers.ts";
import { mergeLayers } from "./merge.ts";
import { refuseNotYet } from "./not-yet.ts";
import type { Place, Source } from "./place.ts";
import { present, Report } from "./report.ts";
import { reservedInputType } from "./reserved.ts";
import { budgetRules } from "./rules/budget.ts";
import { inputRules } from "./rules/inputs.ts";
import { ladderRules } from "./rules/ladders.ts";
import { outputRules } from "./rules/output.ts";
import { schema } from "./schema/index.ts";
import type { Read } from "./schema/index.ts";
import { sayIssue } from "./say.ts";
import { parseSets } from "./set.ts";
import { Substitution } from "./substitute.ts";
import type { Environment } from "./substitute.ts";
import type { Path, Tree } from "./tree.ts";
import { eachScalar, find, mapScalars } from "./tree.ts";
import { validate } from "./vocabulary.ts";
import { parseYaml } from "./yaml.ts";

export interface LoadOptions {
  /** As the user named them, files or directories. */
  readonly files: readonly string[];
  /** `--set` options, each `key=value`. */
  readonly set?: readonly string[];
  readonly env: Environment;
  /** What relative paths in the config are relative to; the process's directory without it. */
  readonly cwd?: string;
}

export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly Fault[];
  /** The files that were read, in order. */
  readonly files: readonly string[];
  /** Values that no output may show: from files, credentials and variables that are named like secrets. */
  readonly secrets: ReadonlySet<string>;
  /** Where secrets stand in the files: no frame shows them. */
  readonly hidden: readonly Place[];
}

/** Throws one ConfigError that carries all faults. */
export function loadConfig(options: LoadOptions): Loaded {
  const faults: Fault[] = [];
  return loadSources(readLayers(options.files, faults), faults, options);
}

/** The same from a text, for a configuration that stands in no file. */
export function loadText(name: string, text: string, options: Omit<LoadOptions, "files">): Loaded {
  return loadSources([{ name, text }], [], options);
}

function loadSources(sources: readonly Source[], faults: Fault[], options: Omit<LoadOptions, "files">): Loaded {
  const sets = parseSets(options.set ?? []);
  const readable = faults.length === 0;
  const parsed = sources.map((source) => (source.text === undefined ? undefined : parseYaml(source, faults)));
  // A part of the whole is missing when a file could not be read or parsed: what is not there is then no fault.
  const complete = readable && parsed.every((tree) => tree !== undefined);
  const root = rootOf(sources, sets.source);
  const merged = mergeLayers([...parsed.filter((tree) => tree !== undefined), ...sets.layers]) ?? root;
  const substitution = new Substitution(options.env);
  const tree = mapScalars(emptyIsMap(merged), (scalar) => substitution.apply(scalar));
  faults.push(...substitution.faults);

  const report = new Report(tree);
  doubtSubstitutions(tree, substitution.faults, report);
  const read = check(tree, complete, report);
  // Of every layer: a value that another layer overrides is still a secret.
  const hidden = [...parsed, ...sets.layers].flatMap((layer) => (layer ? secretPlaces(layer) : []));
  const order = [...sources.map((source) => source.name), sets.source.name];
  const say = (fault: Fault): Fault => ({ ...fault, message: hide(fault.message, substitution.secrets) });
  const errors = sortFaults([...faults, ...report.faults].map(say), order);
  const warnings = sortFaults(report.warnings.map(say), order);
  if (errors.length > 0) throw new ConfigError(errors, warnings, hidden);
  return {
    config: effective(read, options.cwd ?? process.cwd()),
    warnings,
    files: sources.map((source) => source.name),
    secrets: substitution.secrets,
    hidden,
  };
}

function check(tree: Tree, complete: boolean, report: Report): Read {
  reservedTypes(tree, report);
  const { output: given, issues } = validate(schema, fit(schema, tree, report) ?? {});
  const output = withDefaultLadder(given);
  for (const issue of issues) sayIssue(tree, issue, complete, report);
  refuseNotYet(output, report);
  if (complete) {
    inputRules(output, report);
    budgetRules(output, (path) => find(tree, path) !== undefined, report);
    ladderRules(output, report);
    outputRules(output, report);
  }
  return output;
}

/** The ladder named `default` is there also beside others. */
function withDefaultLadder(read: Read): Read {
  const { policies } = validate(schema, {}).output;
  const wanted = present(read.inputs).some(([, input]) => input.policy === "default");
  return wanted ? { ...read, policies: { ...policies, ...read.policies } } : read;
}

function reservedTypes(tree: Tree, report: Report): void {
  const inputs = find(tree, ["inputs"]);
  if (inputs?.kind !== "list") return;
  inputs.items.forEach((_, i) => {
    const path = ["inputs", i, "type"];
    const type = find(tree, path);
    const refusal = type?.kind === "scalar" ? reservedInputType(type.value) : undefined;
    // Its other keys are not those of a file input: nothing more is said about it.
    if (refusal) report.error(path, { code: "reserved", ...refusal });
    if (refusal) report.doubt(["inputs", i]);
  });
}

function rootOf(sources: readonly Source[], sets: Source): Tree {
  const source = sources.find((one) => one.text !== undefined) ?? sets;
  return { kind: "map", at: { source, from: 0, to: 0 }, entries: new Map() };
}

/** An empty file is an empty map. */
function emptyIsMap(tree: Tree): Tree {
  return tree.kind === "scalar" && tree.value === null ? { kind: "map", at: tree.at, entries: new Map() } : tree;
}

function doubtSubstitutions(tree: Tree, faults: readonly Fault[], report: Report): void {
  const places = new Set(faults.map((fault) => fault.at));
  eachScalar(tree, (scalar, path) => {
    if (places.has(scalar.at)) report.doubt(path);
  });
}

/** Everything below an `auth`, however its keys are spelt. */
function secretPlaces(tree: Tree): readonly Place[] {
  const places: Place[] = [];
  eachScalar(tree, (scalar, path: Path) => {
    if (path.includes("auth")) places.push(scalar.at);
  });
  return places;
}

/** A secret that was substituted into the wrong place stays one. */
function hide(text: string, secrets: ReadonlySet<string>): string {
  return [...secrets].reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text);
}

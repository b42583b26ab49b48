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
import { schema } from "./schema.ts";
import type { Read } from "./schema.ts";
import { parseSets } from "./set.ts";
import { Substitution } from "./substitute.ts";
import type { Environment } from "./substitute.ts";
import type { Path, Tree } from "./tree.ts";
import { eachScalar, find, mapScalars, pathText } from "./tree.ts";
import type { Issue } from "./vocabulary.ts";
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
  /** Values that no output may show: from files and credentials. */
  readonly secrets: ReadonlySet<string>;
  /** Where secrets stand in the files: no frame shows them. */
  readonly hidden: readonly Place[];
}

/** Throws one ConfigError that carries all faults. */
export function loadConfig(options: LoadOptions): Loaded {
  const faults: Fault[] = [];
  const sources = readLayers(options.files, faults);
  const sets = parseSets(options.set ?? []);
  const parsed = sources.map((source) => (source.text === undefined ? undefined : parseYaml(source, faults)));
  // A part of the whole is missing when a file could not be read or parsed: what is not there is then no fault.
  const complete = parsed.every((tree) => tree !== undefined);
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
  const errors = sortFaults([...faults, ...report.faults], order);
  const warnings = sortFaults(report.warnings, order);
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
  const { output: given, issues } = validate(schema, fit(schema, tree, report));
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

function sayIssue(tree: Tree, issue: Issue, complete: boolean, report: Report): void {
  const { path, misfit } = issue;
  if (!report.sound(path)) return;
  // `--set` may give a list's only item without a list around it.
  const value = find(tree, path) ?? (path.at(-1) === 0 ? find(tree, path.slice(0, -1)) : undefined);
  if (misfit && value) {
    const raw = value.kind === "scalar" ? String(value.raw ?? value.value) : "";
    // What a variable or file held is not shown: it may be a secret that came to the wrong place.
    const substituted = value.kind === "scalar" && value.raw !== undefined;
    const says = misfit.says.replace("{value}", () => `\`${raw}\`${substituted ? " (substituted)" : ""}`);
    const help = substituted ? "look at what the variable or file holds" : misfit.help;
    return report.error(path, { code: misfit.code, message: `\`${pathText(path)}\` ${says}`, help });
  }
  if (!complete) return;
  const key = String(path.at(-1));
  const message = `\`${pathText(path)}\` is missing`;
  report.error(path, { code: "missing-key", message, help: MISSING[key] ?? `\`${key}: ...\`` });
}

const MISSING: Readonly<Record<string, string>> = {
  id: "`id: app`: it names metrics and state",
  paths: '`paths: ["/var/log/app/*.log"]`',
  enter: "`enter: 70%`",
  leave: "`leave: 60%`",
  keep: "`keep: 1/4`",
  rate: "`rate: 10MiB/s`",
  burst: "`burst: 20MiB`",
  format: "`format: '%d/%b/%Y:%H:%M:%S %z'`",
};

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

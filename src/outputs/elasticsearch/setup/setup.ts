// `spillway setup`: lists the requests that prepare a server for the documents, and sends them. Invariants: `plan` only reads;
// nothing that somebody else created is replaced.
import { EXIT, SpillwayError } from "../../../core/errors.ts";
import type { Config } from "../../../core/options.ts";
import { identifyTold } from "../connect.ts";
import { type Api, at, listAt, reasonOf } from "../probe/api.ts";
import { indexTemplate, ingestPipeline, lifecyclePolicy, NAME, patternsOf } from "./template.ts";

export interface Step {
  /** Name of the object to create, for the user. */
  readonly what: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Plan {
  readonly server: string;
  readonly steps: readonly Step[];
}

/** @param retention in the server's format, `30d`; undefined: for ever */
export async function plan(api: Api, config: Config, retention: string | undefined): Promise<Plan> {
  const root = await api.ask("GET", "/");
  const { name: server } = identifyTold(root.status, root.json);
  const isOpenSearch = server.startsWith("opensearch");
  if (retention !== undefined && isOpenSearch)
    throw refused(
      "--retention is not for OpenSearch",
      "make an ISM policy for the indices there, and leave it out here",
    );
  const patterns = patternsOf(config);
  const wide = patterns.find((pattern) => pattern.startsWith("*"));
  if (wide !== undefined)
    throw refused(`a template for ${wide} would be for every index`, "begin the index with a constant text");
  await spare(api);
  const { operation, pipeline } = config.output;
  const lifecycle = operation === "create" && isAtLeast(server, 8, 11) ? "template" : "policy";
  const template = indexTemplate({ patterns, operation, isOpenSearch, retention, lifecycle });
  const steps: Step[] = [];
  if (retention !== undefined && lifecycle === "policy")
    steps.push({ what: "lifecycle policy", path: `/_ilm/policy/${NAME}`, body: lifecyclePolicy(retention) });
  if (pipeline !== undefined && (await isMissing(api, pipeline)))
    steps.push({ what: "ingest pipeline", path: pipelinePath(pipeline), body: ingestPipeline() });
  steps.push({ what: `index template for ${patterns.join(", ")}`, path: `/_index_template/${NAME}`, body: template });
  return { server, steps };
}

/** Throws if the server refuses. */
export async function put(api: Api, { what, path, body }: Step): Promise<void> {
  const told = await api.ask("PUT", path, body);
  if (told.status === 200) return;
  const right = told.status === 401 || told.status === 403;
  const hint = right
    ? "the credentials need the cluster privileges manage_index_templates, and manage_ilm and manage_pipeline where these are made; --set output.auth... gives others"
    : "look at it with --dry-run; a template of the same priority for the same names has to be changed or removed first";
  throw refused(`${what} was not made: ${reasonOf(told)}`, hint);
}

async function spare(api: Api): Promise<void> {
  const told = await api.ask("GET", `/_index_template/${NAME}`);
  const [there] = listAt(told.json, "index_templates");
  if (there === undefined || at(there, "index_template", "_meta", "managed_by") === "spillway") return;
  throw refused(`the template ${NAME} is there and not made by spillway`, "rename or remove it first");
}

async function isMissing(api: Api, pipeline: string): Promise<boolean> {
  return (await api.ask("GET", pipelinePath(pipeline))).status === 404;
}

function pipelinePath(name: string): string {
  return `/_ingest/pipeline/${encodeURIComponent(name)}`;
}

function isAtLeast(server: string, major: number, minor: number): boolean {
  const [, a = 0, b = 0] = (/ (\d+)\.(\d+)/.exec(server) ?? []).map(Number);
  return a > major || (a === major && b >= minor);
}

function refused(what: string, hint: string): SpillwayError {
  return new SpillwayError("setup-refused", what, { hint, exit: EXIT.config });
}

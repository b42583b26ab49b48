// Asks a server about each index that documents go to: may it be written, does it exist, and which template would create it.
// Invariants: nothing is written; a question that the credentials do not permit is reported, and is no failure.
import { EXIT, SpillwayError } from "../../../core/errors.ts";
import type { OutputOptions } from "../../../core/options.ts";
import { hintFor } from "../denial.ts";
import { type Api, at, listAt, reasonOf, textAt, type Told } from "./api.ts";
import type { Found } from "./step.ts";

function refused(what: string, hint: string): SpillwayError {
  return new SpillwayError("output-target", what, { hint, exit: EXIT.temporary });
}

/** The user or API key to which the credentials belong. Throws if the server does not know them. */
export async function identity(api: Api, options: OutputOptions): Promise<Found> {
  if (options.auth === undefined) return { what: "none are configured, and the server asks for none" };
  const told = await api.ask("GET", "/_security/_authenticate");
  if (told.status === 401)
    throw new SpillwayError("output-authenticate", "the server does not know them (401)", {
      hint: hintFor(401, { type: "", reason: "" }),
      exit: EXIT.temporary,
    });
  if (told.status !== 200) return { what: "taken; the server does not say whose they are" };
  const key = textAt(told.json, "api_key", "name");
  return { what: key === "" ? `those of the user ${textAt(told.json, "username")}` : `those of the API key ${key}` };
}

/** Checks all targets in one request. Throws if one of them may not be written. */
export async function privileges(api: Api, targets: readonly string[], options: OutputOptions): Promise<Found> {
  const wanted = [options.operation === "create" ? "create_doc" : "index", "auto_configure"];
  const body = { index: [{ names: targets, privileges: wanted }] };
  const told = await api.ask("POST", "/_security/user/_has_privileges", body);
  if (told.status !== 200) return { what: "the server cannot be asked for them" };
  const lacking: string[] = [];
  const unmade: string[] = [];
  for (const target of targets) {
    const has = (name: string): boolean => at(told.json, "index", target, name) === true;
    if (!has(wanted[0] as string)) lacking.push(target);
    else if (!has("auto_configure")) unmade.push(target);
  }
  if (lacking.length > 0) {
    const hint = `give the user or the API key the privileges ${wanted.join(" and ")} on them`;
    const what = `${wanted[0]} is not allowed on ${some(lacking)}`;
    throw new SpillwayError("output-privileges", what, { hint, exit: EXIT.temporary });
  }
  const may = `${wanted[0]} is allowed on ${targets.length === 1 ? targets[0] : `all ${targets.length} indices`}`;
  if (unmade.length === 0) return { what: may };
  const hint = "it is needed for indices that do not exist yet, and for new fields";
  return { what: `${may}; auto_configure is not on ${some(unmade)}`, hint };
}

/** Whether the target exists and accepts the configured operation; if it does not exist, which template creates it. */
export async function target(api: Api, name: string, options: OutputOptions): Promise<Found> {
  const told = await api.ask("GET", `/_resolve/index/${encodeURIComponent(name)}`);
  if (told.status === 403) return { what: `${name}: the credentials may not look (view_index_metadata)` };
  if (told.status !== 200 && told.status !== 404) return { what: `${name}: the server cannot be asked for it` };
  const stream = listAt(told.json, "data_streams").length > 0;
  const alias = listAt(told.json, "aliases").length > 0;
  const [index] = listAt(told.json, "indices");
  if (stream) {
    if (options.operation === "index")
      throw refused(`${name} is a data stream, which takes no \`index\``, "set output.operation to create");
    return { what: `${name} is there, a data stream` };
  }
  if (index === undefined && !alias) return missing(api, name, options);
  if (options.requireDataStream)
    throw refused(
      `${name} is there and is no data stream`,
      "set output.require_data_stream to false, or output.index to a data stream",
    );
  if (listAt(index, "attributes").includes("closed"))
    throw refused(`${name} is closed`, "open the index, or set output.index to another");
  return { what: `${name} is there, ${alias ? "an alias" : "an index"}` };
}

async function missing(api: Api, name: string, options: OutputOptions): Promise<Found> {
  const told = await api.ask("GET", "/_index_template");
  if (told.status !== 200)
    return { what: `${name} is not there yet; the credentials may not see which template makes it` };
  const template = templateFor(told, name);
  const isStream = at(template, "index_template", "data_stream") !== undefined;
  if (options.requireDataStream && !isStream)
    throw refused(
      `${name} is not there, and no template makes a data stream of it`,
      "spillway setup puts such a template",
    );
  if (template === undefined) {
    const hint = "spillway setup puts a template; without one the server guesses the types of fields";
    return { what: `${name} is not there yet, and no template is for it`, hint };
  }
  const by = `by the template ${textAt(template, "name")}`;
  if (!isStream) return { what: `${name} is not there yet; it becomes an index ${by}` };
  if (options.operation === "index")
    throw refused(`${name} becomes a data stream ${by}, which takes no \`index\``, "set output.operation to create");
  return { what: `${name} is not there yet; it becomes a data stream ${by}` };
}

/** The template that the server would use for the name: among those that match, the one with the highest priority. */
function templateFor(told: Told, name: string): unknown {
  const priority = (one: unknown): number => Number(at(one, "index_template", "priority") ?? 0);
  return listAt(told.json, "index_templates")
    .filter((one) => listAt(one, "index_template", "index_patterns").some((pattern) => matches(String(pattern), name)))
    .toSorted((a, b) => priority(b) - priority(a))[0];
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

/** The first few names, so that they fit on a line. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** Whether the configured pipeline exists. */
export async function pipeline(api: Api, name: string): Promise<Found> {
  const told = await api.ask("GET", `/_ingest/pipeline/${encodeURIComponent(name)}`);
  if (told.status === 404)
    throw refused(`the ingest pipeline ${name} is not there`, "create it, or take it out of output.pipeline");
  return { what: told.status === 200 ? `the ingest pipeline ${name} is there` : `pipeline ${name}: ${reasonOf(told)}` };
}

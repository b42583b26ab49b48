// What to tell a person when everything has to be held: one sentence that says what the server said, and one that says
// what to do about it. What must hold: no credential and no log text in either.
import { cut } from "./item.ts";
import type { ItemError } from "./item.ts";

export interface Denial {
  readonly kind: "denied";
  readonly why: string;
  readonly hint: string;
}

export function denied(status: number, error: ItemError): Denial {
  const said = error.reason === "" ? error.type : `${error.type}: ${error.reason}`;
  return { kind: "denied", why: cut(`the server answers ${status} ${said}`), hint: hintFor(status, error) };
}

/** An answer that is not Elasticsearch's: a proxy's page, a captive portal, another service, a wrong path. */
export function wrongServer(status: number, contentType: string): Denial {
  return {
    kind: "denied",
    why: `the server answers ${status} with ${contentType || "no content type"}, which is no answer to a bulk request`,
    hint: "output.hosts has to name Elasticsearch or OpenSearch itself, with its path prefix where a proxy adds one",
  };
}

function hintFor(status: number, error: ItemError): string {
  if (status === 401) return "check output.auth: the server does not accept these credentials";
  if (error.type === "cluster_block_exception")
    return "the index is blocked for writing: remove its index.blocks setting";
  if (status === 403) return "the credentials need the privileges create_doc and auto_configure on the index";
  if (error.type === "index_not_found_exception")
    return "create the index or data stream, or allow it in action.auto_create_index";
  if (error.type === "index_closed_exception") return "open the index, or set output.index to another";
  if (error.type === "invalid_index_name_exception") return "set output.index to a name that the server allows";
  if (/op_type of create/.test(error.reason)) return "set output.operation to create: a data stream takes nothing else";
  if (/pipeline with id/.test(error.reason)) return "create that ingest pipeline, or take it out of the index settings";
  if (/no write index/.test(error.reason)) return "give the alias a write index";
  return "see the server's own log";
}

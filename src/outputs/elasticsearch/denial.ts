// Explains why everything has to be held: one sentence with what the server said, and one with the remedy. Invariant: neither
// contains a credential or text from a log.
import type { Rejection } from "../../core/output.ts";
import { cut, withoutQuotes } from "./item.ts";
import type { ItemError } from "./item.ts";

export interface Denial {
  readonly kind: "denied";
  /** Whether the server refuses this index, or everything that is sent to it. */
  readonly by: "target" | "server";
  readonly why: string;
  readonly hint: string;
  readonly mayBeStored?: boolean;
  readonly rejection?: Rejection;
}

export function denied(by: Denial["by"], status: number, error: ItemError): Denial {
  const said = error.reason === "" ? error.type : `${error.type}: ${withoutQuotes(error.reason)}`;
  return { kind: "denied", by, why: cut(`the server answers ${status} ${said}`), hint: hintFor(status, error) };
}

/** An answer that a document of the body may cause. Its host is added where that is known. */
export function rejected(status: number, type: string, why: string): { readonly rejection: Rejection } {
  return { rejection: { refusal: { status, type, reason: why, said: why }, host: 0 } };
}

/** A response that is not from Elasticsearch: a proxy's page, a captive portal, another service, a wrong path. */
export function wrongServer(status: number, contentType: string): Denial {
  const why = `the server answers ${status} with ${contentType || "no content type"}, which is no answer to a bulk request`;
  return {
    kind: "denied",
    by: "server",
    // A proxy that changes the server's response has passed the documents on.
    ...(status < 300 ? { mayBeStored: true } : {}),
    ...(status >= 400 ? rejected(status, "request_rejected", why) : {}),
    why,
    hint: "output.hosts has to name Elasticsearch or OpenSearch itself, with its path prefix where a proxy adds one",
  };
}

export function hintFor(status: number, error: ItemError): string {
  if (status === 401) return "check output.auth: the server does not accept these credentials";
  if (status === 407) return "the proxy asks for a user name and a password: write them into output.proxy";
  if (error.type === "cluster_block_exception") return unblock(error.reason);
  if (error.type === "validation_exception" && /\bshards\b/.test(error.reason))
    return "delete indices that nobody needs, or raise cluster.max_shards_per_node: the cluster may have no more shards";
  if (status === 403) return "the credentials need the privileges create_doc and auto_configure on the index";
  if (status === 429) return "";
  if (error.type === "index_not_found_exception")
    return "create the index or data stream, or allow it in action.auto_create_index";
  if (error.type === "index_closed_exception") return "open the index, or set output.index to another";
  if (error.type === "invalid_index_name_exception") return "set output.index to a name that the server allows";
  if (/op_type of create/.test(error.reason)) return "set output.operation to create: a data stream takes nothing else";
  if (/pipeline with id/.test(error.reason)) return "create that ingest pipeline, or take it out of the index settings";
  if (/no write index/.test(error.reason)) return "give the alias a write index";
  return "see the server's own log";
}

function unblock(reason: string): string {
  if (/disk usage exceeded|TOO_MANY_REQUESTS\/12/.test(reason))
    return "free space on the server's disk: above its flood-stage watermark it makes indices read-only";
  if (/no master|state not recovered/.test(reason)) return "the cluster has no master or is starting: see its own log";
  return "the index is blocked for writing: remove its index.blocks setting";
}

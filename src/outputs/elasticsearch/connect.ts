// Identifies the server, and the step at which reaching it fails: resolve, connect, tls, authenticate, version. Invariant: each
// failure is one sentence that names the step, and a hint that names the setting to check.
import type { IncomingHttpHeaders } from "node:http";
import { describe, EXIT, SpillwayError } from "../../core/errors.ts";
import { inWords } from "./probe/words.ts";

export interface Server {
  /** For example "elasticsearch 8.19.0". Without a version if the credentials may not read it. */
  readonly name: string;
  /** Supports include_source_on_error. */
  readonly hidesSource: boolean;
  /** Has indices. VictoriaLogs has none, and answers 400 to a path that names one. */
  readonly hasIndices: boolean;
}

export type Step = "resolve" | "connect" | "tls" | "authenticate" | "version";

const HINTS: Record<Step, string> = {
  resolve: "check the host name in output.hosts, and the resolver of this machine",
  connect: "check host and port in output.hosts, and that the server is up and no firewall stands between",
  tls: "set output.tls.ca to the CA that signed the server's certificate, and output.hosts to a name that stands in it",
  authenticate: "check output.auth: an API key, or username and password, that the server knows",
  version: "output.hosts has to name Elasticsearch 7.17, 8, 9 or OpenSearch itself, not Kibana or a login page",
};

/** Patterns for the code in the client's message. A message that matches none: the connection failed or broke. */
const RESOLVE = /\b(ENOTFOUND|EAI_AGAIN|EAI_FAIL|EAI_NODATA)\b/;
const UNREACHED =
  /\b(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|no connection within|connect ETIMEDOUT|Failed to establish tunnel)\b/;
const TLS = /\bERR_(TLS|SSL)_\w+|\bEPROTO\b|_CERT\b|CERT_|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|certificate/;

/** Whether the request can have reached a server, judged by the error message. */
export function reachedBy(message: string): "nobody" | "perhaps" {
  return RESOLVE.test(message) || UNREACHED.test(message) || TLS.test(message) ? "nobody" : "perhaps";
}

export function stepOf(message: string): Step {
  if (RESOLVE.test(message)) return "resolve";
  return TLS.test(message) ? "tls" : "connect";
}

/** @param what the end of the sentence: `host: why`, or `why`; known system errors are replaced by plain words */
export function fault(step: Step, what: string, cause?: unknown): SpillwayError {
  const words = inWords(what);
  const host = /^\S+: /.exec(what)?.[0] ?? "";
  return new SpillwayError(`output-${step}`, `Cannot ${VERBS[step]}: ${words ? `${host}${words.what}` : what}.`, {
    hint: words?.hint ?? HINTS[step],
    exit: EXIT.temporary,
    cause,
  });
}

const VERBS: Record<Step, string> = {
  resolve: "resolve the output's host name",
  connect: "connect to the output",
  tls: "agree on TLS with the output",
  authenticate: "authenticate with the output",
  version: "recognise the output's server",
};

/** The fault for any error that a request to the server has thrown. */
export function failure(error: unknown): SpillwayError {
  if (error instanceof SpillwayError) return error;
  const message = describe(error);
  return fault(stepOf(message), message, error);
}

/** Identifies the server from its response to GET /. */
export function identify(status: number, headers: IncomingHttpHeaders, body: Buffer): Server {
  return identifyTold(status, parse(body), headers);
}

/** The same from a parsed body. */
export function identifyTold(status: number, root: unknown, headers: IncomingHttpHeaders = {}): Server {
  const json = root as Root | undefined;
  if (status === 401) throw fault("authenticate", "the server answers 401");
  if (status === 403) {
    // A key with only write privileges may not read this page, which is fine.
    if (json?.error !== undefined) return { name: product(headers, json), hidesSource: false, hasIndices: true };
    throw fault("authenticate", "the server answers 403 with a page that is not Elasticsearch's");
  }
  if (status === 407) throw fault("connect", "the proxy answers 407");
  if (status !== 200) throw fault("version", `the server answers ${status} to GET /`);
  const number = json?.version?.number;
  if (typeof number !== "string") {
    const type = headers["content-type"] ?? "no content type";
    throw fault("version", `the server answers GET / with ${type} that names no version`);
  }
  // It poses as Elasticsearch 8.9.0, but has no motto.
  if (headers["x-server-hostname"] !== undefined && json?.tagline === undefined)
    return { name: "victorialogs", hidesSource: false, hasIndices: false };
  return recognise(product(headers, json), number);
}

function recognise(name: string, number: string): Server {
  const [major = 0, minor = 0] = number.split(".").map((part) => Number.parseInt(part, 10));
  const server = { name: `${name} ${number}`, hasIndices: true };
  if (name === "opensearch") return { ...server, hidesSource: false };
  if (major < 7 || (major === 7 && minor < 17)) throw fault("version", `${name} ${number} is older than 7.17`);
  return { ...server, hidesSource: major > 8 || (major === 8 && minor >= 18) };
}

interface Root {
  readonly error?: unknown;
  readonly tagline?: unknown;
  readonly version?: { readonly number?: unknown; readonly distribution?: unknown };
}

function product(headers: IncomingHttpHeaders, root: Root | undefined): string {
  if (headers["x-elastic-product"] === "Elasticsearch") return "elasticsearch";
  const { version, tagline } = root ?? {};
  const isOpenSearch =
    version?.distribution === "opensearch" || (typeof tagline === "string" && /opensearch/i.test(tagline));
  return isOpenSearch ? "opensearch" : "elasticsearch";
}

function parse(body: Buffer): Root | undefined {
  try {
    const json: unknown = JSON.parse(body.toString("utf8"));
    return typeof json === "object" && json !== null ? (json as Root) : undefined;
  } catch {
    return undefined;
  }
}

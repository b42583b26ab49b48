// Finding out what is at the other end, and at which step it fails: resolve, connect, tls, authenticate, version. What
// must hold: each failure is one sentence that names the step, and a hint that names the setting to look at.
import type { IncomingHttpHeaders } from "node:http";
import { describe, EXIT, SpillwayError } from "../../core/errors.ts";

export interface Server {
  /** For example "elasticsearch 8.19.0"; without a number where the credentials may not read it. */
  readonly name: string;
  /** Knows include_source_on_error. */
  readonly hidesSource: boolean;
}

export type Step = "resolve" | "connect" | "tls" | "authenticate" | "version";

const HINTS: Record<Step, string> = {
  resolve: "check the host name in output.hosts, and the resolver of this machine",
  connect: "check host and port in output.hosts, and that the server is up and no firewall stands between",
  tls: "set output.tls.ca to the CA that signed the server's certificate, and output.hosts to a name that stands in it",
  authenticate: "check output.auth: an API key, or username and password, that the server knows",
  version: "output.hosts has to name Elasticsearch 7.17, 8, 9 or OpenSearch itself, not Kibana or a login page",
};

/** By what the client's message says of the code; the rest is a connection that did not come about or broke. */
const RESOLVE = /\b(ENOTFOUND|EAI_AGAIN|EAI_FAIL|EAI_NODATA)\b/;
const UNREACHED = /\b(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL)\b/;
const TLS = /\bERR_(TLS|SSL)_\w+|\bEPROTO\b|_CERT\b|CERT_|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|certificate/;

/** Whether a request can have come to a server at all, by how it failed. */
export function reachedBy(message: string): "nobody" | "perhaps" {
  return RESOLVE.test(message) || UNREACHED.test(message) || TLS.test(message) ? "nobody" : "perhaps";
}

export function stepOf(message: string): Step {
  if (RESOLVE.test(message)) return "resolve";
  return TLS.test(message) ? "tls" : "connect";
}

export function fault(step: Step, what: string, cause?: unknown): SpillwayError {
  return new SpillwayError(`output-${step}`, `Cannot ${VERBS[step]}: ${what}.`, {
    hint: HINTS[step],
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

/** The fault for whatever asking has thrown. */
export function failure(error: unknown): SpillwayError {
  if (error instanceof SpillwayError) return error;
  const message = describe(error);
  return fault(stepOf(message), message, error);
}

/** From the answer to GET /. */
export function identify(status: number, headers: IncomingHttpHeaders, body: Buffer): Server {
  const json = parse(body);
  if (status === 401) throw fault("authenticate", "the server answers 401");
  if (status === 403) {
    // A key that may only write may not read this page, and is good all the same.
    if (json?.error !== undefined) return { name: product(headers, json), hidesSource: false };
    throw fault("authenticate", "the server answers 403 with a page that is not Elasticsearch's");
  }
  if (status !== 200) throw fault("version", `the server answers ${status} to GET /`);
  const number = json?.version?.number;
  if (typeof number !== "string") {
    const type = headers["content-type"] ?? "no content type";
    throw fault("version", `the server answers GET / with ${type} that names no version`);
  }
  return recognise(product(headers, json), number);
}

function recognise(name: string, number: string): Server {
  const [major = 0, minor = 0] = number.split(".").map((part) => Number.parseInt(part, 10));
  if (name === "opensearch") return { name: `${name} ${number}`, hidesSource: false };
  if (major < 7 || (major === 7 && minor < 17)) throw fault("version", `${name} ${number} is older than 7.17`);
  return { name: `${name} ${number}`, hidesSource: major > 8 || (major === 8 && minor >= 18) };
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

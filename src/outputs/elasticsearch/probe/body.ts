// Tests whether a body as large as the agent's reaches the server through everything in between. Invariant: nothing is stored,
// because the body is a single action that no server knows; the server rejects it as a whole (400). Any other refusal fails.
import type { OutputOptions } from "../../../core/options.ts";
import { EXIT, SpillwayError, describe } from "../../../core/errors.ts";
import { flow } from "../../../core/figures.ts";
import { compress } from "../compress.ts";
import { hintFor } from "../denial.ts";
import { type Api, type Told, reasonOf } from "./api.ts";
import type { Found } from "./step.ts";

/** Approximate share of a log's bytes after gzip. Size limits apply to the bytes on the wire. */
const PACKED = 1 / 8;
/**
 * A server that refuses a large body may close the connection while it is still being sent, and then its answer is often not
 * read: Elasticsearch 9.5 over TLS did so with 6 of 100 bodies of 5 MB.
 */
const TRIES = 4;
const BREAKS = /\bEPIPE\b|\bECONNRESET\b|socket hang up/;

export async function body(api: Api, options: OutputOptions): Promise<Found> {
  const { bytes } = options.batch;
  const plain = nonsense(bytes, options.compression === "gzip" ? PACKED : 1);
  const wire = await compress(plain, options.compression);
  const headers = options.compression === "gzip" ? { "content-encoding": "gzip" } : {};
  const size = `${flow(bytes)}${options.compression === "gzip" ? `, ${flow(wire.length)} in gzip` : ""}`;
  const hint =
    "raise http.max_content_length or a proxy's limit (nginx: client_max_body_size), or set output.batch.bytes below it; until then the agent finds the limit by itself and sends smaller ones";
  const told = await insist(() => api.ask("POST", "/_bulk", wire, headers)).catch((cause: unknown) => {
    if (!BREAKS.test(describe(cause))) throw cause;
    const message = `the connection breaks off below one of ${size}: ${describe(cause)}`;
    throw new SpillwayError("output-connect", message, { hint, exit: EXIT.temporary, cause });
  });
  if (told.status === 413) return { what: `one of ${size} is refused as too large; ${reasonOf(told)}`, hint };
  if (PASSES.has(told.status)) return { what: `one of ${size} comes through` };
  throw refused(told);
}

/** Answers to a body that reached the bulk handler of a server: it cannot be read, is ignored, or has to wait. */
const PASSES = new Set([200, 400, 429]);

function refused(told: Told): SpillwayError {
  const what = `a request to _bulk is refused: ${reasonOf(told)}`;
  const exit = EXIT.temporary;
  if (told.status === 401)
    return new SpillwayError("output-authenticate", what, { hint: hintFor(401, { type: "", reason: "" }), exit });
  const hint = HINTS[told.status] ?? "see the log of the server, and of any proxy before it, for POST /_bulk";
  return new SpillwayError("output-refused", what, { hint, exit });
}

const HINTS: Readonly<Record<number, string>> = {
  403: "allow POST to _bulk for these credentials on the server, and in any proxy or firewall before it",
  404: "output.hosts has to name the server itself, with its path prefix where a proxy adds one",
  405: "allow POST to _bulk in the proxy before the server",
};

/** Asks again if the connection broke off. Whoever does not answer in time is not asked again. */
async function insist(ask: () => Promise<Told>): Promise<Told> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES || !BREAKS.test(describe(error))) throw error;
    }
  }
}

/** One line that is no valid action, of which about `share` cannot be compressed. */
function nonsense(bytes: number, share: number): Buffer {
  const head = '{"spillway-check":"';
  const tail = '"}\n{}\n';
  const noise = Math.floor((bytes - head.length - tail.length) * share);
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(65_536))).toString("base64");
  const text = random.repeat(Math.ceil(noise / random.length)).slice(0, Math.max(0, noise));
  return Buffer.from(`${head}${text}${" ".repeat(Math.max(0, bytes - head.length - tail.length - noise))}${tail}`);
}

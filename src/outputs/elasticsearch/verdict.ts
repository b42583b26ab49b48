// Turns a response into a report about documents: pure, no network, no clock. Invariants: a document counts as stored only if
// the server says so at its position; if the positions cannot be matched, nothing is known; an error of one document never holds
// the others; an error that no document causes refuses none.
import { EXISTS, REFUSED, RETRY, STORED, UNCLEAR } from "../../core/output.ts";
import type { Refusal, SendReport } from "../../core/output.ts";
import { denied, hintFor, rejected, wrongServer } from "./denial.ts";
import { blame, classify, errorOf, withoutQuotes } from "./item.ts";
import type { ItemClass, ItemError } from "./item.ts";

export interface BulkResponse {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfterMs: number | undefined;
  /** "stored": byte for byte the response of a server that has stored every document. */
  readonly body: "stored" | Buffer;
}

type Operation = "create" | "index";

export function judge(response: BulkResponse, docs: number, operation: Operation): SendReport {
  if (response.status === 200 && response.body === "stored") return { kind: "stored" };
  const text = response.body === "stored" ? Buffer.alloc(0) : response.body;
  if (response.status >= 200 && response.status < 300) return judgeItems(text, response, docs, operation);
  return judgeRequest(text, response, docs);
}

function judgeRequest(text: Buffer, response: BulkResponse, docs: number): SendReport {
  const { status, retryAfterMs } = response;
  const parsed = parse(text) as { error?: unknown } | undefined;
  const error = errorOf(parsed?.error, status);
  switch (status) {
    case 413:
      return { kind: "indigestible", refusal: tooLarge(error), why: "size", isCertain: true };
    case 400:
      if (parsed?.error === undefined || isOurMistake(error)) return wrongServerOr(parsed, status, error, response);
      return judgeBadRequest(error);
    case 401:
      return denied("server", status, error);
    case 403:
      if (parsed?.error !== undefined) return denied("target", status, error);
      return { ...wrongServer(status, response.contentType), hint: hintFor(status, error) };
    case 407:
      return denied("server", status, { type: "proxy_authentication_required", reason: error.reason });
    case 408:
      return { kind: "unanswered", why: "the server answers 408 request timeout" };
    case 429:
      // If a single document trips the circuit breaker, it may never pass.
      if (docs === 1 && error.type === BREAKER) return unclear(refusal(status, error));
      return {
        kind: "busy",
        why: `the server answers 429 ${said(error)}`,
        isPressure: PRESSURE.has(error.type),
        retryAfterMs,
      };
    default:
      if (status >= 500) return judgeServerFault(status, error, retryAfterMs);
      return wrongServerOr(parsed, status, error, response);
  }
}

const BREAKER = "circuit_breaking_exception";
const PRESSURE = new Set([BREAKER, "es_rejected_execution_exception", "rejected_execution_exception"]);

/**
 * A 400 concerns either this body, or something that all bodies share. No document is refused by this alone: documents are whole JSON
 * and the server parses each by itself, so a body that it cannot parse was changed on its way, for example by a proxy.
 */
function judgeBadRequest(error: ItemError): SendReport {
  if (blame(error) === "held") return denied("target", 400, error);
  return { kind: "indigestible", refusal: refusal(400, error), why: "content", isCertain: false };
}

/** Servers and proxies may answer 413 without an explanation. */
function tooLarge({ type, reason }: ItemError): Refusal {
  const why = reason === "" ? "the request is larger than the server, or a proxy before it, takes" : reason;
  return refusal(413, { type: type === "status_413" ? "request_too_large" : type, reason: why });
}

function refusal(status: number, error: ItemError): Refusal {
  return { status, ...error, said: withoutQuotes(error.reason) };
}

/** The report if the body's only document got an unclear error. */
function unclear(why: Refusal): SendReport {
  return {
    kind: "mixed",
    verdicts: Uint8Array.of(UNCLEAR),
    refusals: new Map([[0, why]]),
    busy: false,
    why: `1 of 1 documents: ${why.status} ${why.type}`,
    hint: HINT_UNCLEAR,
  };
}

const HINT_UNCLEAR =
  "spillway does not know this error: when the index takes other documents, those that it hits become dead letters";

/** Type and reason of an error that does not concern a document. */
function said({ type, reason }: ItemError): string {
  return reason === "" ? type : `${type}: ${withoutQuotes(reason)}`;
}

function judgeServerFault(status: number, error: ItemError, retryAfterMs: number | undefined): SendReport {
  const why = `the server answers ${status} ${said(error)}`;
  // Cluster blocks (no master, state not recovered) are checked before any document is processed.
  if (status === 503 && error.type === "cluster_block_exception")
    return { kind: "busy", why, isPressure: false, retryAfterMs };
  return { kind: "unanswered", why, retryAfterMs, ...(status === 500 ? rejected(status, error.type, why) : {}) };
}

/** A 400 about the form of the request, not its body. Halving the body would send every document to the dead letters. */
function isOurMistake(error: ItemError): boolean {
  return (
    error.type === "media_type_header_exception" ||
    /^(request \[[^\]]*\] contains unrecognized parameter|no handler found)/.test(error.reason)
  );
}

function wrongServerOr(
  parsed: { error?: unknown } | undefined,
  status: number,
  error: ItemError,
  response: BulkResponse,
): SendReport {
  if (parsed?.error === undefined) return wrongServer(status, response.contentType);
  return denied(status === 404 ? "target" : "server", status, error);
}

interface Tally {
  readonly verdicts: Uint8Array;
  readonly refusals: Map<number, Refusal>;
  readonly counts: Record<ItemClass, number>;
  /** The first error of each class. */
  readonly first: Partial<Record<ItemClass, { readonly status: number; readonly error: ItemError }>>;
  failureStored: number;
}

const VERDICT: Record<ItemClass, number> = {
  stored: STORED,
  exists: EXISTS,
  retry: RETRY,
  busy: RETRY,
  refused: REFUSED,
  held: RETRY,
  unclear: UNCLEAR,
  "too-large": RETRY,
};

function judgeItems(text: Buffer, response: BulkResponse, docs: number, operation: Operation): SendReport {
  const parsed = parse(text) as { items?: unknown } | undefined;
  if (parsed === undefined && text[0] === 0x7b /* { */)
    return { kind: "unanswered", why: "the server's answer breaks off or is no valid JSON" };
  if (!Array.isArray(parsed?.items)) return wrongServer(response.status, response.contentType);
  if (parsed.items.length !== docs)
    return { kind: "unanswered", why: `the server answers for ${parsed.items.length} of ${docs} documents` };
  return summarize(tallyItems(parsed.items, docs, operation), docs);
}

function tallyItems(items: readonly unknown[], docs: number, operation: Operation): Tally {
  const counts = { stored: 0, exists: 0, retry: 0, busy: 0, refused: 0, held: 0, unclear: 0, "too-large": 0 };
  const tally: Tally = { verdicts: new Uint8Array(docs), refusals: new Map(), counts, first: {}, failureStored: 0 };
  for (let i = 0; i < docs; i++) {
    const item = itemOf(items[i], operation);
    const status = typeof item.status === "number" ? item.status : 0;
    const error = errorOf(item.error, status);
    let kind = classify(status, error, operation);
    if (kind === "too-large" && docs === 1) kind = "refused";
    if (kind === "busy" && docs === 1 && error.type === BREAKER) kind = "unclear";
    tally.counts[kind]++;
    tally.first[kind] ??= { status, error };
    tally.verdicts[i] = VERDICT[kind];
    if (kind === "refused" || kind === "unclear" || mayBeDocument(kind, status, error))
      tally.refusals.set(i, refusal(status, error));
    if (kind === "stored" && item.failure_store === "used") tally.failureStored++;
  }
  return tally;
}

/** Errors that are temporary, unless the document causes them each time. */
function mayBeDocument(kind: ItemClass, status: number, { type }: ItemError): boolean {
  return kind === "busy" ? type === BREAKER : kind === "retry" && status === 500;
}

interface Item {
  readonly status?: unknown;
  readonly error?: unknown;
  readonly failure_store?: unknown;
}

function itemOf(entry: unknown, operation: Operation): Item {
  const entries = (entry ?? {}) as Record<string, Item | undefined>;
  return entries[operation] ?? {};
}

function summarize(tally: Tally, docs: number): SendReport {
  const { counts, first } = tally;
  const failureStored = tally.failureStored > 0 ? { failureStored: tally.failureStored } : {};
  if (counts.stored === docs) return { kind: "stored", ...failureStored };
  if (first.held !== undefined && counts.held === docs) return denied("target", first.held.status, first.held.error);
  if (first["too-large"] !== undefined && counts["too-large"] === docs)
    return {
      kind: "indigestible",
      refusal: refusal(first["too-large"].status, first["too-large"].error),
      why: "content",
      isCertain: true,
    };
  return {
    kind: "mixed",
    verdicts: tally.verdicts,
    refusals: tally.refusals,
    busy: counts.busy > 0,
    why: why(tally, docs),
    hint: hintOf(tally),
    ...failureStored,
  };
}

function hintOf({ first }: Tally): string {
  if (first.held !== undefined) return hintFor(first.held.status, first.held.error);
  if (first.busy !== undefined) return hintFor(first.busy.status, first.busy.error);
  return first.unclear === undefined ? "" : HINT_UNCLEAR;
}

/** The problems, worst first, without what a reason may quote of a document. */
function why(tally: Tally, docs: number): string {
  const parts: string[] = [];
  for (const kind of ["held", "busy", "retry", "unclear", "too-large", "refused", "exists"] as const) {
    const example = tally.first[kind];
    if (example !== undefined)
      parts.push(`${tally.counts[kind]} of ${docs} documents: ${example.status} ${whyOf(kind, example.error)}`);
  }
  return parts.join("; ");
}

/** The reason of a refusal concerns a single document, so only its type is shown. */
function whyOf(kind: ItemClass, error: ItemError): string {
  return kind === "refused" || kind === "exists" ? error.type : said(error);
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    return undefined;
  }
}

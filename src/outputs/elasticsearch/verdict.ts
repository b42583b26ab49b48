// From an answer to a report about documents: pure, no network, no clock. What must hold: a document counts as stored
// only when the server says so in its place; where the places cannot be matched nothing is known; what one document is
// to blame for never holds the others, and what no document is to blame for refuses none.
import { EXISTS, REFUSED, RETRY, STORED } from "../../core/output.ts";
import type { Refusal, SendReport } from "../../core/output.ts";
import { denied, wrongServer } from "./denial.ts";
import { classify, errorOf } from "./item.ts";
import type { ItemClass, ItemError } from "./item.ts";

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfterMs: number | undefined;
  /** "stored": byte for byte what a server says that has stored every document. */
  readonly body: "stored" | Buffer;
}

type Operation = "create" | "index";

export function judge(answer: Answer, docs: number, operation: Operation): SendReport {
  if (answer.status === 200 && answer.body === "stored") return { kind: "stored" };
  const text = answer.body === "stored" ? Buffer.alloc(0) : answer.body;
  if (answer.status >= 200 && answer.status < 300) return judgeItems(text, answer, docs, operation);
  return judgeRequest(text, answer);
}

function judgeRequest(text: Buffer, answer: Answer): SendReport {
  const { status, retryAfterMs } = answer;
  const parsed = parse(text) as { error?: unknown } | undefined;
  const error = errorOf(parsed?.error, status);
  switch (status) {
    case 413:
      return { kind: "indigestible", refusal: { status, ...error } };
    case 400:
      return parsed?.error === undefined || isOurMistake(error)
        ? wrongServerOr(parsed, status, error, answer)
        : { kind: "indigestible", refusal: { status, ...error } };
    case 401:
    case 403:
      return denied(status, error);
    case 408:
      return { kind: "unanswered", why: "the server answers 408 request timeout" };
    case 429:
      return { kind: "busy", why: `the server answers 429 ${error.type}`, retryAfterMs };
    default:
      if (status >= 500) return judgeServerFault(status, error, retryAfterMs);
      return wrongServerOr(parsed, status, error, answer);
  }
}

function judgeServerFault(status: number, error: ItemError, retryAfterMs: number | undefined): SendReport {
  const why = `the server answers ${status} ${error.type}`;
  // Cluster blocks (no master, state not recovered) are checked before any document is looked at.
  if (status === 503 && error.type === "cluster_block_exception") return { kind: "busy", why, retryAfterMs };
  return { kind: "unanswered", why, retryAfterMs };
}

/** 400 for the way of asking and not for the body: halving would send every document into the dead letters. */
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
  answer: Answer,
): SendReport {
  return parsed?.error === undefined ? wrongServer(status, answer.contentType) : denied(status, error);
}

interface Tally {
  readonly verdicts: Uint8Array;
  readonly refusals: Map<number, Refusal>;
  readonly counts: Record<ItemClass, number>;
  /** The first of each class. */
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
  "too-large": RETRY,
};

function judgeItems(text: Buffer, answer: Answer, docs: number, operation: Operation): SendReport {
  const parsed = parse(text) as { items?: unknown } | undefined;
  if (parsed === undefined && text[0] === 0x7b /* { */)
    return { kind: "unanswered", why: "the server's answer breaks off or is no valid JSON" };
  if (!Array.isArray(parsed?.items)) return wrongServer(answer.status, answer.contentType);
  if (parsed.items.length !== docs)
    return { kind: "unanswered", why: `the server answers for ${parsed.items.length} of ${docs} documents` };
  return summarize(tallyItems(parsed.items, docs, operation), docs);
}

function tallyItems(items: readonly unknown[], docs: number, operation: Operation): Tally {
  const counts = { stored: 0, exists: 0, retry: 0, busy: 0, refused: 0, held: 0, "too-large": 0 };
  const tally: Tally = { verdicts: new Uint8Array(docs), refusals: new Map(), counts, first: {}, failureStored: 0 };
  for (let i = 0; i < docs; i++) {
    const item = itemOf(items[i], operation);
    const status = typeof item.status === "number" ? item.status : 0;
    const error = errorOf(item.error, status);
    let kind = classify(status, error, operation);
    if (kind === "too-large" && docs === 1) kind = "refused";
    tally.counts[kind]++;
    tally.first[kind] ??= { status, error };
    tally.verdicts[i] = VERDICT[kind];
    if (kind === "refused") tally.refusals.set(i, { status, ...error });
    if (kind === "stored" && item.failure_store === "used") tally.failureStored++;
  }
  return tally;
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
  if (first.held !== undefined && counts.held === docs) return denied(first.held.status, first.held.error);
  if (first["too-large"] !== undefined && counts["too-large"] === docs)
    return { kind: "indigestible", refusal: { status: first["too-large"].status, ...first["too-large"].error } };
  if (counts.busy === docs) return { kind: "busy", why: why(tally, docs), retryAfterMs: undefined };
  return {
    kind: "mixed",
    verdicts: tally.verdicts,
    refusals: tally.refusals,
    busy: counts.busy > 0,
    why: why(tally, docs),
    ...failureStored,
  };
}

/** What stands in the way, the worst first. Types only: a reason may quote the document. */
function why(tally: Tally, docs: number): string {
  const parts: string[] = [];
  for (const kind of ["held", "busy", "retry", "too-large", "refused", "exists"] as const) {
    const example = tally.first[kind];
    if (example !== undefined)
      parts.push(`${tally.counts[kind]} of ${docs} documents: ${example.status} ${example.error.type}`);
  }
  return parts.join("; ");
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    return undefined;
  }
}

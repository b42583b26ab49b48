// Sends documents for the commands `replay` and `backfill`, one request at a time. Each document is retried until the server
// has it or rejects it permanently. If the server accepts nothing, it gives up after a time without progress.
import { Arena } from "../../core/arena.ts";
import { systemClock } from "../../core/clock.ts";
import { EXIT, SpillwayError } from "../../core/errors.ts";
import { silentLog } from "../../core/log.ts";
import type { Config } from "../../core/options.ts";
import {
  EXISTS,
  type Output,
  type Piece,
  REFUSED,
  type Refusal,
  RETRY,
  STORED,
  type SendReport,
  UNCLEAR,
} from "../../core/output.ts";
import { Kernel } from "../../kernel/kernel.ts";
import { Encoder } from "../../outputs/elasticsearch/encoder.ts";
import { createElasticsearchOutput } from "../../outputs/elasticsearch/output.ts";

/** Backoff between retries while the server accepts nothing. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const TOO_LARGE: Refusal = {
  status: 0,
  type: "document_too_large",
  reason: "the document does not fit into a request",
};

export interface Body {
  readonly body: Buffer;
  /** Number of documents in the body. */
  readonly docs: number;
}

/** Documents to encode; `release` returns their memory. */
export interface Prepared {
  readonly pieces: readonly Piece[];
  readonly docs: number;
  readonly release: () => void;
}

/** exists: the server had the document already. */
export type Ended = "stored" | "exists" | Refusal;

export interface Sending<T> {
  /** Encodes as many items as fit into a request, from the first on. Zero documents: the first item fits into no request. */
  readonly encode: (items: readonly T[]) => Body;
  /** Called after each response with the items whose outcome is final. */
  readonly ended: (items: ReadonlyMap<T, Ended>) => void;
  /** Code and end of the error message for giving up; the text follows the number of waiting items. */
  readonly stuck: { readonly code: string; readonly waiting: string };
}

export class Resender {
  readonly arena: Arena;
  readonly kernel: Kernel;
  private readonly encoder: Encoder;
  private readonly output: Output;
  private readonly bytes: number;
  private readonly patienceMs: number;
  private readonly before: () => Promise<void>;
  private readonly signal = new AbortController().signal;
  private connected = false;

  /** @param patienceMs gives up after this time without progress @param before awaited before each request */
  constructor({ output, buffer }: Config, patienceMs: number, before: () => Promise<void> = async () => {}) {
    this.arena = new Arena(buffer.memory);
    this.bytes = output.batch.bytes;
    this.patienceMs = patienceMs;
    this.before = before;
    this.output = createElasticsearchOutput(output, { clock: systemClock, log: silentLog });
    this.kernel = new Kernel(this.arena);
    this.encoder = new Encoder(this.arena, this.kernel, output);
  }

  async close(): Promise<void> {
    await this.output.close();
  }

  /** Encodes a request body; a large document gets a larger body of its own. @param prepare prepares at most `most` documents */
  body(prepare: (most: number) => Prepared): Body {
    const small = this.encode(this.bytes, prepare, Infinity);
    return small.docs > 0 ? small : this.encode(this.arena.capacity / 2, prepare, 1);
  }

  private encode(bytes: number, prepare: (most: number) => Prepared, most: number): Body {
    const { arena } = this;
    const region = arena.alloc(bytes);
    if (region === undefined) return { body: Buffer.alloc(0), docs: 0 };
    const { pieces, docs, release } = prepare(most);
    const done = this.encoder.encodeInto(region, pieces, docs);
    const body = Buffer.from(arena.view(region).subarray(0, done.bytes));
    release();
    arena.release(region);
    return { body, docs: done.docs };
  }

  /** Resolves when every item has a final outcome. Throws a SpillwayError after `patienceMs` without progress. */
  async send<T>(index: string, items: readonly T[], { encode, ended, stuck }: Sending<T>): Promise<void> {
    let open = items;
    let wait = FIRST_WAIT_MS;
    let most = Infinity;
    let movedAt = systemClock.now();
    while (open.length > 0) {
      await this.before();
      const { body, docs } = encode(open.slice(0, most));
      if (docs === 0) {
        ended(new Map([[open[0] as T, TOO_LARGE]]));
        open = open.slice(1);
        continue;
      }
      const sent = open.slice(0, docs);
      const report = await this.request(index, body, docs);
      if (report.kind === "indigestible" && docs > 1) {
        most = Math.ceil(docs / 2);
        continue;
      }
      const outcomes = new Map(sent.map((item, i) => [item, outcomeOf(report, i)] as const));
      const again = sent.filter((item) => outcomes.get(item) === "again");
      for (const item of again) outcomes.delete(item);
      if (outcomes.size > 0) {
        ended(outcomes as Map<T, Ended>);
        movedAt = systemClock.now();
        wait = FIRST_WAIT_MS;
      }
      open = [...open.slice(docs), ...again];
      if (again.length === 0) continue;
      if (systemClock.now() - movedAt >= this.patienceMs) throw isStuck(index, open.length, report, stuck);
      await systemClock.sleep(Math.min(wait, this.patienceMs));
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    }
  }

  private async request(index: string, body: Buffer, docs: number): Promise<SendReport> {
    // Connect before the first request, so that an unreachable server is reported at once instead of retried.
    if (!this.connected) {
      await this.output.connect(this.signal);
      this.connected = true;
    }
    return this.output.send(index, body, docs, this.signal);
  }
}

function outcomeOf(report: SendReport, document: number): Ended | "again" {
  const verdict = verdictOf(report, document);
  if (verdict === STORED) return "stored";
  if (verdict === EXISTS) return "exists";
  return verdict === RETRY ? "again" : refusalOf(report, document);
}

function verdictOf(report: SendReport, document: number): number {
  if (report.kind === "stored") return STORED;
  if (report.kind === "indigestible") return REFUSED;
  return report.kind === "mixed" ? (report.verdicts[document] ?? UNCLEAR) : RETRY;
}

function refusalOf(report: SendReport, document: number): Refusal {
  const said = report.kind === "mixed" ? report.refusals.get(document) : undefined;
  const whole = report.kind === "indigestible" ? report.refusal : undefined;
  return said ?? whole ?? { status: 0, type: "unknown", reason: "the server gave no reason" };
}

function isStuck(index: string, left: number, report: SendReport, { code, waiting }: Sending<unknown>["stuck"]) {
  const why = "why" in report ? report.why : report.kind;
  const hint = "hint" in report && report.hint !== "" ? report.hint : "run it again when the server takes documents";
  const message = `${index} takes nothing: ${why}; ${left} ${waiting}`;
  return new SpillwayError(code, message, { hint, exit: EXIT.temporary });
}

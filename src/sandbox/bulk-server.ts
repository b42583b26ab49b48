// A small server with as much of the Elasticsearch API as a log shipper needs, and with faults that can be switched while it
// runs, for `spillway sandbox`, the demo and tests. Invariants: a document acknowledged as stored is in the store; a fault that
// claims that nothing was stored has stored nothing.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../core/clock.ts";
import { SpillwayError } from "../core/errors.ts";
import { Wakeup } from "../core/wakeup.ts";
import { bulkResponse, parseFilter } from "./bulk-response.ts";
import { BulkReader, MalformedBulk } from "./bulk.ts";
import { Dice, FAULTS_EXPLAINED, faultsText, NO_FAULTS, parseFaults } from "./faults.ts";
import type { Faults } from "./faults.ts";
import { Listener } from "./listener.ts";
import { BodyPool } from "./request-body.ts";
import { errorJson, reply } from "./reply.ts";
import { lookUp } from "./search.ts";
import { CountingStore, DocumentStore, TellingStore } from "./store.ts";
import type { Store, StoredDocument } from "./store.ts";

export interface SandboxOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly faults: Faults;
  /** counts: can run for ever. documents: keeps all documents, for tests. Or a store of the caller's. */
  readonly keep: "counts" | "documents" | Store;
  /** Gets the text of every stored document. */
  readonly stored?: (index: string, document: string) => void;
  /** The product and version to report: "elasticsearch 8.19.0", "opensearch 3.8.0". */
  readonly identity?: string;
}

export interface SandboxCounts {
  requests: number;
  /** Requests that did not end in a 200. */
  failed: number;
  /** Bytes of bulk bodies, unpacked. */
  bytes: number;
}

export class BulkServer {
  readonly store: Store;
  readonly counts: SandboxCounts = { requests: 0, failed: 0, bytes: 0 };
  private readonly options: SandboxOptions;
  private readonly clock: Clock;
  private readonly listener: Listener;
  private readonly reader: BulkReader;
  private readonly bodies = new BodyPool();
  private readonly dice: Partial<Record<keyof Faults, Dice>> = {};
  private readonly changed: Wakeup;
  private current: Faults;
  /** When the bytes received so far will have been processed at the configured rate. Monotonic milliseconds. */
  private busyUntil = 0;

  constructor(options: SandboxOptions, clock: Clock) {
    this.options = options;
    this.clock = clock;
    this.changed = new Wakeup(clock);
    this.current = options.faults;
    this.store = storeFor(options.keep);
    this.reader = new BulkReader(options.stored ? new TellingStore(this.store, options.stored) : this.store);
    this.listener = new Listener(options, clock, (request, response) => {
      this.serve(request, response).catch(() => request.socket.destroy());
    });
  }

  get url(): string {
    return this.listener.url;
  }

  get faults(): Faults {
    return this.current;
  }

  documents(index?: string): readonly StoredDocument[] {
    return this.store.documents(index);
  }

  async start(): Promise<void> {
    await this.listener.start();
    if (this.current.down > 0) await this.listener.goDown(this.current.down);
  }

  stop(): Promise<void> {
    return this.listener.stop();
  }

  /** Applies from the next request. Requests delayed by the old faults are answered now; `down` ends all connections at once. */
  async change(faults: Faults): Promise<void> {
    this.current = faults;
    this.busyUntil = 0;
    this.changed.notify();
    await (faults.down > 0 ? this.listener.goDown(faults.down) : this.listener.comeUp());
  }

  private hits(name: "429" | "503" | "reset" | "lost" | "hang" | "html" | "401"): boolean {
    const share = this.current[name];
    return share > 0 && (this.dice[name] ??= new Dice()).hits(share);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://sandbox");
    const [index = "", ...rest] = url.pathname.startsWith("/_")
      ? ["", ...url.pathname.slice(1).split("/")]
      : url.pathname.slice(1).split("/").map(decodeURIComponent);
    const action = rest.join("/");
    if (action === "_bulk")
      return this.bulk(request, response, index, parseFilter(url.searchParams.get("filter_path")));
    const body = await this.bodies.read(request);
    const text = body.bytes.toString("utf8");
    body.release();
    if (action.startsWith("_sandbox")) return this.control(request, response, text);
    if (this.hits("401")) return this.refuse(request, response, 401);
    if (this.hits("html")) return this.refuse(request, response, "html");
    const answer = lookUp(this.store, { index, action, body: text, identity: this.options.identity });
    return reply(request, response, answer.status, answer.json);
  }

  /** GET /_sandbox shows the switches, PUT /_sandbox/faults sets them. */
  private async control(request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    if (request.method === "PUT") {
      try {
        const faults = parseFaults(text);
        await reply(request, response, 200, JSON.stringify({ faults: faultsText(faults) }));
        await this.change(faults);
      } catch (error) {
        if (!(error instanceof SpillwayError)) throw error;
        await reply(request, response, 400, errorJson(400, error.code, `${error.message} ${error.hint}`));
      }
      return;
    }
    const explained = Object.fromEntries(Object.values(FAULTS_EXPLAINED));
    const state = { faults: faultsText(this.current), explained, documents: this.store.count(), ...this.counts };
    await reply(request, response, 200, JSON.stringify(state));
  }

  private async bulk(
    request: IncomingMessage,
    response: ServerResponse,
    index: string,
    filter: ReturnType<typeof parseFilter>,
  ): Promise<void> {
    this.counts.requests++;
    const faults = this.current;
    const tooLarge = (bytes: number): boolean => faults["413"] > 0 && bytes > faults["413"];
    if (tooLarge(Number(request.headers["content-length"] ?? 0))) return this.refuse(request, response, 413);
    const body = await this.bodies.read(request);
    try {
      const size = body.bytes.length;
      this.counts.bytes += size;
      await this.digest(size, faults);
      const refusal = tooLarge(size) ? 413 : this.refusal();
      if (refusal !== undefined) return await this.refuse(request, response, refusal);
      const result = this.reader.apply(body.bytes, index, faults);
      if (this.hits("lost")) return this.cut(request);
      return await reply(request, response, 200, bulkResponse(result, index, filter));
    } catch (error) {
      if (!(error instanceof MalformedBulk)) throw error;
      this.counts.failed++;
      return await reply(request, response, 400, errorJson(400, "illegal_argument_exception", error.message));
    } finally {
      body.release();
    }
  }

  /** Waits as long as a slow server would need for this many bytes. */
  private async digest(size: number, faults: Faults): Promise<void> {
    const now = this.clock.now();
    if (faults.rate > 0) this.busyUntil = Math.max(now, this.busyUntil) + (size / faults.rate) * 1000;
    const wait = (faults.rate > 0 ? this.busyUntil - now : 0) + faults.slow;
    if (wait > 0) await this.changed.wait(wait);
  }

  private refusal(): Refusal | undefined {
    if (this.hits("hang")) return "hang";
    if (this.hits("reset")) return "reset";
    if (this.hits("401")) return 401;
    if (this.hits("html")) return "html";
    if (this.hits("503")) return 503;
    if (this.hits("429")) return 429;
    return undefined;
  }

  private async refuse(request: IncomingMessage, response: ServerResponse, how: Refusal): Promise<void> {
    this.counts.failed++;
    switch (how) {
      case "hang":
        return;
      case "reset":
        return this.cut(request);
      case "html":
        return await reply(request, response, 200, "<html><body>Please log in.</body></html>", "text/html");
      case 413:
        response.setHeader("connection", "close");
        return await reply(request, response, 413, "");
      default:
        return await reply(request, response, how, errorJson(how, ...REASONS[how]));
    }
  }

  private cut(request: IncomingMessage): void {
    this.counts.failed++;
    request.socket.resetAndDestroy();
  }
}

function storeFor(keep: SandboxOptions["keep"]): Store {
  if (typeof keep === "object") return keep;
  return keep === "documents" ? new DocumentStore() : new CountingStore();
}

type Refusal = "hang" | "reset" | "html" | 401 | 413 | 429 | 503;

const REASONS: Record<401 | 429 | 503, [type: string, reason: string]> = {
  401: ["security_exception", "missing authentication credentials for REST request [/_bulk]"],
  429: ["es_rejected_execution_exception", "rejected execution of coordinating operation (sandbox)"],
  503: ["unavailable_shards_exception", "primary shard is not active (sandbox)"],
};

export async function startSandbox(options: Partial<SandboxOptions>, clock: Clock): Promise<BulkServer> {
  const server = new BulkServer({ host: "127.0.0.1", port: 0, faults: NO_FAULTS, keep: "counts", ...options }, clock);
  await server.start();
  return server;
}

// The Elasticsearch output: compresses a body, sends it, judges the response. Invariants: `send` never throws for an error of a
// server or a network, and keeps no state of a body; the caller decides what is sent again, and when.
import type { Clock } from "../../core/clock.ts";
import { describe } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { OutputOptions } from "../../core/options.ts";
import type { HostState, Output, SendReport, ServerInfo } from "../../core/output.ts";
import { ResponseBody, FILTER_PATH } from "./response-body.ts";
import { BulkClient, NoAnswer } from "./client.ts";
import type { Exchange } from "./client.ts";
import { compress } from "./compress.ts";
import { failure, identify } from "./connect.ts";
import type { Server } from "./connect.ts";
import { rejected } from "./denial.ts";
import { hidingCredentials } from "./echo.ts";
import { HostSizes, type Size } from "./host-sizes.ts";
import { judge } from "./verdict.ts";

export interface OutputContext {
  readonly clock: Clock;
  readonly log: Log;
}

/** Limit for the response to GET /, which a server gives at once. */
const GREETING_MS = 10_000;
/** Parts of at most 64 KiB each: enough for a captive portal's page, and a limit for an endless one. */
const MAX_ROOT_PARTS = 64;

export function createElasticsearchOutput(options: OutputOptions, context: OutputContext): Output {
  return new ElasticsearchOutput(options, context);
}

class ElasticsearchOutput implements Output {
  private readonly options: OutputOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly client: BulkClient;
  private readonly sizes: HostSizes;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly hide: (body: Buffer) => Buffer;
  wireBytes = 0;
  /** Query parameters that the configuration asks for in each request. */
  private readonly wanted: string;
  private query: string;
  private hasIndices = true;

  constructor(options: OutputOptions, { clock, log }: OutputContext) {
    this.options = options;
    this.hide = hidingCredentials(options);
    this.clock = clock;
    this.log = log;
    this.client = new BulkClient(options, clock, log);
    this.sizes = new HostSizes(this.hosts.length);
    const pipeline = options.pipeline === undefined ? "" : `&pipeline=${encodeURIComponent(options.pipeline)}`;
    this.wanted = `${pipeline}${options.requireDataStream ? "&require_data_stream=true" : ""}`;
    this.query = `filter_path=${FILTER_PATH}${this.wanted}`;
    // A response has 26 bytes per document; gzip reduces them to a hundredth.
    this.headers = {
      "accept-encoding": "gzip",
      ...(options.compression === "gzip" ? { "content-encoding": "gzip" } : {}),
    };
  }

  get hosts(): readonly HostState[] {
    return this.client.hosts;
  }

  async connect(signal: AbortSignal): Promise<ServerInfo> {
    const server = await this.ask(signal);
    // Keeps most of the user's lines out of the server's error texts (a preview of the field's value stays). Older servers
    // reject an unknown parameter.
    const quiet = server.hidesSource ? "&include_source_on_error=false" : "";
    this.query = `filter_path=${FILTER_PATH}${this.wanted}${quiet}`;
    this.hasIndices = server.hasIndices;
    this.log.info("output_connected", `Connected to ${server.name}.`, { server: server.name });
    return { name: server.name };
  }

  /** Asks all hosts at once. The first valid response counts for all; the others are not waited for. */
  private async ask(signal: AbortSignal): Promise<Server> {
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    const hosts = new Set(this.options.hosts).size;
    const timer = this.clock.after(GREETING_MS, () => enough.abort(new Error("the server does not say who it is")));
    try {
      return await Promise.any(Array.from({ length: hosts }, (_, host) => this.askOne(host, either)));
    } catch (error) {
      signal.throwIfAborted();
      throw failure((error as AggregateError).errors[0]);
    } finally {
      timer.cancel();
      enough.abort();
    }
  }

  private async askOne(host: number, signal: AbortSignal): Promise<Server> {
    const parts: Buffer[] = [];
    const take = (part: Buffer): boolean => parts.push(part) < MAX_ROOT_PARTS;
    const request = { method: "GET", path: "/", query: "", headers: {}, body: undefined, take, host } as const;
    const head = await this.client.exchange(request, signal);
    return identify(head.status, head.headers, Buffer.concat(parts));
  }

  async send(target: string, body: Buffer, docs: number, signal: AbortSignal): Promise<SendReport> {
    const wire = await compress(body, this.options.compression);
    const size = { plain: body.length, wire: wire.length };
    const { sizes, client } = this;
    const tried = new Set<number>();
    // Bodies of several documents can be halved, so they go where they are expected to pass. A single document goes to every host
    // that has not refused one like it.
    const suits = (host: number): boolean =>
      !tried.has(host) && (docs === 1 ? !sizes.refuses(host, size) : sizes.fits(host, size));
    const hosts = this.hosts.map((_, host) => host);
    for (;;) {
      const { report, host } = await this.post({ target, wire, docs, size, suits }, signal);
      if (report.kind === "unanswered" && docs === 1 && client.has((one) => sizes.refuses(one, size)))
        return tooLargeFor("the hosts that may take it do not answer");
      if (report.kind !== "indigestible") return report;
      // A proxy before one of the hosts may change bodies.
      const mayPass = report.why === "size" || (docs === 1 && !report.isCertain);
      if (!mayPass) return report;
      tried.add(host);
      if (client.has(suits)) {
        if (report.why === "size") client.tooLarge(host, size.plain);
        continue;
      }
      if (docs > 1 || !hosts.some(suits)) return report;
      return report.why === "size" ? tooLargeFor(report.refusal.reason) : { ...report, otherHost: "silent" };
    }
  }

  /** Sends the body to one host. */
  private async post(
    { target, wire, docs, size, suits }: Post,
    signal: AbortSignal,
  ): Promise<{ readonly report: SendReport; readonly host: number }> {
    const { operation } = this.options;
    const response = new ResponseBody(operation, docs);
    this.wireBytes += wire.length;
    let host = 0;
    const asks = (number: number): void => this.sizes.asked((host = number), size);
    const request: Exchange = {
      method: "POST",
      path: target === "" || !this.hasIndices ? "/_bulk" : `/${encodeURIComponent(target)}/_bulk`,
      query: this.query,
      headers: this.headers,
      body: wire,
      take: (chunk) => response.add(chunk),
      suits,
      asks,
    };
    const report = await this.client.exchange(request, signal).then(
      ({ status, headers, retryAfterMs }) => {
        const said = response.end();
        const shown = said === "stored" ? said : this.hide(said);
        const told = { status, contentType: headers["content-type"] ?? "", retryAfterMs, body: shown };
        return this.naming(host, judge(told, docs, operation));
      },
      (error: unknown) => unanswered(error),
    );
    this.sizes.ended(host, size, sizeEnding(report));
    // A document that is refused alone is tried by every host, so none of them may be out of the rotation for that.
    if (isOfHost(report) && !(docs === 1 && report.kind === "indigestible")) this.client.pause(host);
    if (!("rejection" in report)) return { report, host };
    return { report: { ...report, rejection: { ...report.rejection, host } }, host };
  }

  /** Of several hosts, the one that fails a whole request is named. */
  private naming(host: number, report: SendReport): SendReport {
    if (this.hosts.length === 1) return report;
    if (report.kind !== "denied" && report.kind !== "busy" && report.kind !== "unanswered") return report;
    return { ...report, why: `${this.hosts[host]?.host}: ${report.why}` };
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

/** One attempt to send a body. */
interface Post {
  readonly target: string;
  readonly wire: Buffer;
  readonly docs: number;
  readonly size: Size;
  readonly suits: (host: number) => boolean;
}

/** The host, or a proxy before it, does not take the request. Another host may. */
function isOfHost(report: SendReport): boolean {
  if (report.kind === "indigestible") return report.why === "content" && !report.isCertain;
  return report.kind === "busy" || (report.kind === "denied" && report.by === "server") || "rejection" in report;
}

function sizeEnding(report: SendReport): "took" | "too-large" | "turned-away" | "other" {
  if (report.kind === "stored" || report.kind === "mixed") return "took";
  if (report.kind === "indigestible" && report.why === "size") return "too-large";
  return report.kind === "busy" && report.isPressure ? "turned-away" : "other";
}

/** A host refuses the document for its size, and another one that may take it cannot be asked now. */
function tooLargeFor(reason: string): SendReport {
  const refusal = { status: 413, type: "request_too_large", reason, said: reason };
  return { kind: "indigestible", refusal, why: "size", isCertain: false, otherHost: "silent" };
}

const RESET = /ECONNRESET|EPIPE|socket hang up/;

function unanswered(error: unknown): SendReport {
  const why = describe(error);
  if (error instanceof NoAnswer && error.reached === "nobody") return { kind: "unanswered", why, sent: "nothing" };
  return { kind: "unanswered", why, ...(RESET.test(why) ? rejected(0, "request_rejected", why) : {}) };
}

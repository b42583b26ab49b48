// The Elasticsearch output put together: compress, send, judge. What must hold: `send` never throws for what a server or
// a network can do, and keeps no state of a body: what is sent again, and when, is decided by who calls it.
import type { Clock } from "../../core/clock.ts";
import { describe } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { OutputOptions } from "../../core/options.ts";
import type { Output, SendReport, ServerInfo } from "../../core/output.ts";
import { AnswerBody, FILTER_PATH } from "./answer.ts";
import { retryAfter } from "./backoff.ts";
import { BulkClient, NoAnswer } from "./client.ts";
import type { Head } from "./client.ts";
import { compress } from "./compress.ts";
import { failure, identify } from "./connect.ts";
import type { Server } from "./connect.ts";
import { judge } from "./verdict.ts";

export interface OutputContext {
  readonly clock: Clock;
  readonly log: Log;
}

/** Of at most 64 KiB each: whatever a portal's page has, and an end to an endless one. */
const MAX_ROOT_PARTS = 64;

export function createElasticsearchOutput(options: OutputOptions, context: OutputContext): Output {
  return new ElasticsearchOutput(options, context);
}

class ElasticsearchOutput implements Output {
  private readonly options: OutputOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly client: BulkClient;
  private readonly headers: Readonly<Record<string, string>>;
  wireBytes = 0;
  private query = `filter_path=${FILTER_PATH}`;

  constructor(options: OutputOptions, { clock, log }: OutputContext) {
    this.options = options;
    this.clock = clock;
    this.log = log;
    this.client = new BulkClient(options, clock);
    // An answer has 26 bytes a document, and in gzip a hundredth of that.
    this.headers = {
      "accept-encoding": "gzip",
      ...(options.compression === "gzip" ? { "content-encoding": "gzip" } : {}),
    };
  }

  async connect(signal: AbortSignal): Promise<ServerInfo> {
    const server = await this.ask(signal);
    // Keeps most of the user's lines out of the server's error texts (a preview of the field's value stays); older
    // servers refuse a parameter that they do not know.
    const quiet = server.hidesSource ? "&include_source_on_error=false" : "";
    this.query = `filter_path=${FILTER_PATH}${quiet}`;
    this.log.info("output_connected", `Connected to ${server.name}.`, { server: server.name });
    return { name: server.name };
  }

  /** Each host once: the first that answers speaks for all. */
  private async ask(signal: AbortSignal): Promise<Server> {
    let last: unknown;
    for (let i = 0; i < this.options.hosts.length; i++) {
      const parts: Buffer[] = [];
      const take = (part: Buffer): boolean => parts.push(part) < MAX_ROOT_PARTS;
      try {
        const request = { method: "GET", path: "/", query: "", headers: {}, body: undefined, take } as const;
        const head = await this.client.exchange(request, signal);
        return identify(head.status, head.headers, Buffer.concat(parts));
      } catch (error) {
        signal.throwIfAborted();
        last = error;
      }
    }
    throw failure(last);
  }

  async send(target: string, body: Buffer, docs: number, signal: AbortSignal): Promise<SendReport> {
    const { operation } = this.options;
    const answer = new AnswerBody(operation, docs);
    const wire = await compress(body, this.options.compression);
    this.wireBytes += wire.length;
    let head: Head;
    try {
      head = await this.client.exchange(
        {
          method: "POST",
          path: target === "" ? "/_bulk" : `/${encodeURIComponent(target)}/_bulk`,
          query: this.query,
          headers: this.headers,
          body: wire,
          take: (chunk) => answer.add(chunk),
        },
        signal,
      );
    } catch (error) {
      return unanswered(error);
    }
    const { status, headers } = head;
    const retryAfterMs = retryAfter(headers["retry-after"], this.clock.wall());
    return judge(
      { status, contentType: headers["content-type"] ?? "", retryAfterMs, body: answer.end() },
      docs,
      operation,
    );
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

function unanswered(error: unknown): SendReport {
  const why = describe(error);
  const nothingSent = error instanceof NoAnswer && error.reached === "nobody";
  return { kind: "unanswered", why, ...(nothingSent ? { sent: "nothing" as const } : {}) };
}

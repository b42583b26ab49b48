// The only file that knows @elastic/elasticsearch: one request to one of the hosts, its status, headers and raw bytes.
// What must hold: a status is never an error and never retried here; when `exchange` settles, however it ends, nobody
// reads the body any more; the time limit covers the whole exchange, the answer's body included.
//
// The stock transport would check the product after the server has stored everything, and ask for media types that
// only a server of its own major version knows; the subclass does neither, which makes one client fit Elasticsearch 7.17
// to 9 and OpenSearch. On a failure it would copy the body byte by byte into an object, to take secrets out of its error
// (a second for each MB): redaction is off, and in return its errors go no further than here; only their message does. Its own timeout stops guarding once headers are there, and one request's timeout ends others that
// share its signal: hence an AbortController and a timer for each.
import { BaseConnectionPool, Client, HttpConnection, Transport } from "@elastic/elasticsearch";
import type { ClientOptions } from "@elastic/elasticsearch";
import type { Agent, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Clock } from "../../core/clock.ts";
import { describe } from "../../core/errors.ts";
import type { OutputOptions } from "../../core/options.ts";
import { createAgent, readTls } from "./agent.ts";
import { reachedBy } from "./connect.ts";
import { HostRing } from "./hosts.ts";
import { readBody } from "./read-body.ts";

export interface Exchange {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Gets the answer's bytes, which are its own from then on; false = too large, give up. */
  readonly take: (chunk: Buffer) => boolean;
}

export interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** The exchange ended without an answer; the message says how and with which host. */
export class NoAnswer extends Error {
  /** "nobody": the connection never came about, so nothing of the body can have been stored. */
  get reached(): "nobody" | "perhaps" {
    return reachedBy(this.message);
  }
}

class PlainTransport extends Transport {
  constructor(options: ConstructorParameters<typeof Transport>[0]) {
    super({
      ...options,
      productCheck: null as unknown as string,
      vendoredHeaders: {
        jsonContentType: "application/json",
        ndjsonContentType: "application/x-ndjson",
        accept: "application/json",
      },
    });
  }
}

export class BulkClient {
  private readonly client: Client;
  private readonly agents: Agent[] = [];
  private readonly clock: Clock;
  private readonly timeout: number;

  constructor(options: OutputOptions, clock: Clock) {
    this.clock = clock;
    this.timeout = options.timeout;
    const tls = readTls(options.tls);
    this.client = new Client({
      nodes: [...new Set(options.hosts)],
      Transport: PlainTransport,
      Connection: HttpConnection,
      ConnectionPool: poolWith(clock),
      maxRetries: 0,
      enableMetaHeader: false,
      redaction: { type: "off" },
      headers: { "user-agent": "spillway" },
      tls,
      ...(options.auth === undefined ? {} : { auth: options.auth }),
      agent: (connection: { url: URL }) => {
        const agent = createAgent(connection.url.protocol, tls);
        this.agents.push(agent);
        return agent;
      },
    } as ClientOptions);
  }

  /** Rejects with NoAnswer, or with the signal's reason when that is why. */
  async exchange(request: Exchange, signal: AbortSignal): Promise<Head> {
    signal.throwIfAborted();
    const control = new AbortController();
    const onAbort = (): void => control.abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    const timer = this.clock.after(this.timeout, () =>
      control.abort(new NoAnswer(`no answer within ${this.timeout / 1000} s`)),
    );
    try {
      return await this.converse(request, control.signal);
    } catch (error) {
      control.signal.throwIfAborted();
      throw error;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Every connection ends, those in use too. The pool's own way would wait for requests that it has lost track of. */
  close(): void {
    for (const agent of this.agents) agent.destroy();
  }

  private async converse(request: Exchange, signal: AbortSignal): Promise<Head> {
    const { response, head, host } = await this.start(request, signal);
    const onAbort = (): void => void response.destroy();
    signal.addEventListener("abort", onAbort);
    try {
      await readBody(response, request.take);
    } catch (error) {
      throw new NoAnswer(`${host}: ${describe(error)}`);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    return head;
  }

  private async start(
    request: Exchange,
    signal: AbortSignal,
  ): Promise<{ response: IncomingMessage; head: Head; host: string }> {
    const { method, path, query, headers, body } = request;
    const params = { method, path, querystring: query, ...(body === undefined ? {} : { bulkBody: body }) };
    const sent = this.client.transport.request(params, { asStream: true, meta: true, signal, headers });
    try {
      const { statusCode, headers: answered, body: response, meta } = await orAbort(sent, signal);
      const { connection } = meta;
      if (connection !== null) {
        const { connectionPool } = this.client;
        if (statusCode >= 502 && statusCode <= 504) connectionPool.markDead(connection);
        else connectionPool.markAlive(connection);
      }
      return {
        response: response as unknown as IncomingMessage,
        head: { status: statusCode, headers: answered },
        host: connection?.url.host ?? "",
      };
    } catch (error) {
      const host = (error as { meta?: { meta?: { connection?: { url: URL } } } }).meta?.meta?.connection?.url.host;
      throw new NoAnswer(`${host === undefined ? "" : `${host}: `}${describe(error)}`);
    }
  }
}

/**
 * Ends with the signal even where the connection does not: it ignores what is no HTTP at all (an http URL that leads to
 * a TLS port), and then neither answers nor fails, its socket being gone.
 */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** The stock pools either ping on their own or never lift what they once lowered. */
function poolWith(clock: Clock): typeof BaseConnectionPool {
  return class extends BaseConnectionPool {
    private ring: HostRing | undefined;

    override getConnection(): BaseConnectionPool["connections"][number] | null {
      this.ring ??= new HostRing(this.connections.length);
      return this.connections[this.ring.pick(clock.now())] ?? null;
    }

    override markAlive(connection: BaseConnectionPool["connections"][number]): this {
      this.ring?.succeeded(this.connections.indexOf(connection));
      return this;
    }

    override markDead(connection: BaseConnectionPool["connections"][number]): this {
      this.ring?.failed(this.connections.indexOf(connection), clock.now());
      return this;
    }
  };
}

// Sends one request to one host through @elastic/elasticsearch, and returns status, headers and raw bytes. Invariants: a status
// is never an error and is never retried here; once `exchange` has settled, for whatever reason, nothing reads the request body
// any more; a host that does not answer, at whatever step, leaves the rotation.
//
// The stock transport would check the product after the server has stored everything, and request media types that only a
// server of its own major version knows. The subclass does neither, so one client works with Elasticsearch 7.17 to 9 and
// OpenSearch. On a failure the stock client would copy the body byte by byte into an object to redact secrets from its error (a
// second per MB). Redaction is therefore off, and the client's errors do not leave this file; only their messages do.
import type { Agent, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Clock } from "../../core/clock.ts";
import { describe } from "../../core/errors.ts";
import { type Log, silentLog } from "../../core/log.ts";
import type { OutputOptions } from "../../core/options.ts";
import type { HostState } from "../../core/output.ts";
import { createAgent, readTls } from "./agent.ts";
import { connectionWith } from "./connection.ts";
import { reachedBy } from "./connect.ts";
import { BaseConnectionPool, Client, Transport } from "./elastic.ts";
import type { BaseConnection, ClientOptions } from "./elastic.ts";
import { HostLog } from "./host-log.ts";
import { HostRing } from "./hosts.ts";
import { byProxy, proxyFor } from "./proxy.ts";
import { readBody } from "./read-body.ts";
import { retryAfter } from "./retry-after.ts";

/** A host that refused a request as a whole gets no other for this long, if another host may be asked. */
const PAUSE_MS = 1000;

export interface Exchange {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Gets the bytes of the response and owns them from then on. Returns false if it is too large: the rest is not read. */
  readonly take: (chunk: Buffer) => boolean;
  /** Index of the host to ask; undefined: the next in the rotation. */
  readonly host?: number;
  /** The hosts that the rotation prefers; default: all. */
  readonly suits?: (host: number) => boolean;
  /** Called with the index of the host to which the request goes. */
  readonly asks?: (host: number) => void;
}

export interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds until any host may be asked, if the host asked for a pause by Retry-After. */
  readonly retryAfterMs: number | undefined;
}

/** A response whose body has yet to come. */
interface Started {
  readonly response: IncomingMessage;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly connection: BaseConnection | null;
}

/** The exchange ended without a response. The message says why and names the host. */
export class NoAnswer extends Error {
  /** "nobody": no connection was established, so nothing of the body can have been stored. */
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
  private readonly clock: Clock;
  private readonly ring: HostRing;
  private readonly proxy: OutputOptions["proxy"];
  private readonly told: HostLog;
  private readonly agents: Agent[] = [];

  /** @param log where hosts that fail are named; default: nowhere */
  constructor(options: OutputOptions, clock: Clock, log: Log = silentLog) {
    const tls = readTls(options.tls);
    const hosts = [...new Set(options.hosts)];
    this.clock = clock;
    this.proxy = options.proxy;
    this.told = new HostLog(hosts, clock, log);
    this.ring = new HostRing(hosts.length);
    const agentOf = (url: URL): Agent => {
      const { connectTimeout, proxy } = options;
      const agent = createAgent(url.protocol, tls, { clock, connectTimeout, proxy: proxyFor(url, proxy) });
      this.agents.push(agent);
      return agent;
    };
    this.client = new Client({
      nodes: hosts,
      Transport: PlainTransport,
      Connection: connectionWith({ clock, timeout: options.timeout, agentOf }),
      ConnectionPool: poolWith(this.ring, clock),
      maxRetries: 0,
      enableMetaHeader: false,
      redaction: { type: "off" },
      headers: { "user-agent": "spillway", ...options.headers },
      tls,
      ...(options.auth === undefined ? {} : { auth: options.auth }),
    } as ClientOptions);
  }

  get hosts(): readonly HostState[] {
    return this.told.hosts;
  }

  /** Whether one of these hosts is in the rotation now. */
  has(suits: (host: number) => boolean): boolean {
    return this.ring.has(this.clock.now(), suits);
  }

  /** A host refused a request. */
  pause(host: number): void {
    this.ring.hold(host, PAUSE_MS, this.clock.now());
  }

  /** A host refused a request of this size, which goes to another one now. */
  tooLarge(host: number, bytes: number): void {
    this.told.tooLarge(host, bytes);
  }

  /** Rejects with NoAnswer, or with the signal's reason if the signal was aborted. */
  async exchange(request: Exchange, signal: AbortSignal): Promise<Head> {
    signal.throwIfAborted();
    // One controller per request, because the client leaves its listener on the signal.
    const control = new AbortController();
    const onAbort = (): void => control.abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      return await this.converse(request, control.signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Ends all connections, including those in use. The pool's own close would wait for requests that it has lost track of. */
  close(): void {
    for (const agent of this.agents) agent.destroy();
  }

  private async converse(request: Exchange, signal: AbortSignal): Promise<Head> {
    const { response, status, headers, connection } = await this.start(request, signal);
    const onAbort = (): void => void response.destroy();
    signal.addEventListener("abort", onAbort);
    try {
      await readBody(response, request.take);
    } catch (error) {
      const why = describe(error);
      if (connection && signal.aborted) this.cancelled(connection);
      else if (connection) this.dead(connection, why);
      throw new NoAnswer(`${connection?.url.host}: ${why}`);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    // Only now: a host that never completes a response must not return to the rotation with each of them.
    return { status, headers, retryAfterMs: connection ? this.noted(connection, status, headers) : undefined };
  }

  private async start(request: Exchange, signal: AbortSignal): Promise<Started> {
    const { method, path, query, headers, body, host, suits, asks } = request;
    const params = { method, path, querystring: query, ...(body === undefined ? {} : { bulkBody: body }) };
    const options = { asStream: true, meta: true, signal, headers, context: { host, suits, asks } } as const;
    try {
      const sent = await this.client.transport.request(params, options);
      const { statusCode, headers: answered, body: response, meta } = sent;
      const { connection } = meta;
      return { response: response as unknown as IncomingMessage, status: statusCode, headers: answered, connection };
    } catch (error) {
      const connection = (error as { meta?: { meta?: { connection?: BaseConnection } } }).meta?.meta?.connection;
      const said = describe(error);
      if (!connection) throw new NoAnswer(said);
      const why = byProxy(proxyFor(connection.url, this.proxy), said);
      // The transport has told the pool of this failure, unless the request was cancelled.
      if (signal.aborted) this.cancelled(connection);
      else this.told.failed(this.numberOf(connection), why);
      throw new NoAnswer(`${connection.url.host}: ${why}`);
    }
  }

  private numberOf(connection: BaseConnection): number {
    return this.client.connectionPool.connections.indexOf(connection);
  }

  private cancelled(connection: BaseConnection): void {
    this.ring.cancelled(this.numberOf(connection), this.clock.now());
  }

  private dead(connection: BaseConnection, why: string): void {
    this.client.connectionPool.markDead(connection);
    this.told.failed(this.numberOf(connection), why);
  }

  /** Notes what a complete response says about its host. @returns see Head.retryAfterMs */
  private noted(connection: BaseConnection, status: number, headers: IncomingHttpHeaders): number | undefined {
    if (status >= 502 && status <= 504) this.dead(connection, `it answers ${status}`);
    else {
      this.client.connectionPool.markAlive(connection);
      this.told.answered(this.numberOf(connection));
    }
    if (status !== 429 && status !== 503) return undefined;
    const ms = retryAfter(headers["retry-after"], this.clock.wall());
    return ms === undefined ? undefined : this.ring.hold(this.numberOf(connection), ms, this.clock.now());
  }
}

/** Replaces the stock pools, which either send pings of their own or never raise a host's weight again after lowering it. */
function poolWith(ring: HostRing, clock: Clock): typeof BaseConnectionPool {
  return class extends BaseConnectionPool {
    override getConnection({ context }: { readonly context?: unknown }): BaseConnection | null {
      const { host, suits, asks } = (context ?? {}) as Pick<Exchange, "host" | "suits" | "asks">;
      const number = host ?? ring.pick(clock.now(), suits);
      asks?.(number);
      return this.connections[number] ?? null;
    }

    override markAlive(connection: BaseConnection): this {
      ring.succeeded(this.connections.indexOf(connection), clock.now());
      return this;
    }

    override markDead(connection: BaseConnection): this {
      ring.failed(this.connections.indexOf(connection), clock.now());
      return this;
    }
  };
}

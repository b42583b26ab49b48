// One host in the client's pool: requests over node:http, each phase with a limit of its own. Invariants: a request that ends
// without a response rejects with one of the client's errors, so that its host leaves the rotation; no phase exceeds its limit.
//
//   connect            `connect_timeout`, in the socket (agent.ts)
//   sending the body   no byte for IDLE_MS, or `timeout` if that is less
//   the first byte     `timeout`, from the last byte of the body
//   the response       as for sending, and twice `timeout` for all of it: a byte now and then is no answer
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Clock } from "../../core/clock.ts";
import { BaseConnection, errors } from "./elastic.ts";

/** If nothing moves in either direction for this long, the host, or something before it, is gone. */
const IDLE_MS = 30_000;
const CHECK_MS = 500;
/** A response has so many times `timeout` from its first byte to its last. */
const WHOLE = 2;

type Options = ConstructorParameters<typeof BaseConnection>[0];
type Request = Parameters<BaseConnection["request"]>;
type Response = { readonly statusCode: number; readonly headers: IncomingMessage["headers"]; readonly body: never };

export interface ConnectionParts {
  readonly clock: Clock;
  /** Milliseconds until the first byte of a response. */
  readonly timeout: number;
  readonly agentOf: (url: URL) => Agent;
}

/** The connection class for the client. */
export function connectionWith({ clock, timeout, agentOf }: ConnectionParts): typeof BaseConnection {
  return class extends BaseConnection {
    private readonly agent: Agent;

    constructor(options: Options) {
      super(options);
      this.agent = agentOf(this.url);
    }

    override request(...[params, { signal }]: Request): Promise<Response> {
      const { url } = this;
      const query = params.querystring ? `?${params.querystring}` : "";
      const request = requestOf(url)({
        protocol: url.protocol,
        hostname: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port,
        path: `${url.pathname.replace(/\/$/, "")}${params.path}${query}`,
        method: params.method,
        headers: { ...this.headers, ...params.headers } as Record<string, string>,
        agent: this.agent,
      });
      return new Promise<Response>((resolve, reject) => {
        const fail = (error: Error): void => {
          reject(error);
          request.destroy();
        };
        const onAbort = (): void => fail(new errors.RequestAbortedError("given up"));
        const watch = new Watch(request, { clock, timeout, late: (why) => fail(new errors.TimeoutError(why)) });
        signal?.addEventListener("abort", onAbort);
        request.on("close", () => {
          watch.end();
          signal?.removeEventListener("abort", onAbort);
        });
        request.on("response", (response: IncomingMessage) => {
          watch.responded(response);
          const { statusCode = 0, headers } = response;
          resolve({ statusCode, headers, body: response as never });
        });
        request.on("error", (error: Error) => reject(new errors.ConnectionError(error.message)));
        request.setNoDelay(true);
        request.end(params.body as Buffer | undefined);
      });
    }

    override close(): Promise<void> {
      this.agent.destroy();
      return Promise.resolve();
    }
  } as unknown as typeof BaseConnection;
}

interface WatchParts {
  readonly clock: Clock;
  readonly timeout: number;
  readonly late: (why: string) => void;
}

/** Polls the traffic on a request's socket and reports a phase that exceeds its limit. */
class Watch {
  private readonly request: ClientRequest;
  private readonly parts: WatchParts;
  private response: IncomingMessage | undefined;
  private respondedAt = Infinity;
  private moved = 0;
  private movedAt: number;
  private over = false;

  constructor(request: ClientRequest, parts: WatchParts) {
    this.request = request;
    this.parts = parts;
    this.movedAt = parts.clock.now();
    this.check();
  }

  responded(response: IncomingMessage): void {
    this.response = response;
    this.respondedAt = this.parts.clock.now();
  }

  end(): void {
    this.over = true;
  }

  private check(): void {
    if (this.over) return;
    const { clock, timeout, late } = this.parts;
    const idle = Math.min(IDLE_MS, timeout);
    const { socket } = this.request;
    const moved = (socket?.bytesWritten ?? 0) + (socket?.bytesRead ?? 0);
    if (moved !== this.moved || socket?.connecting === true) this.movedAt = clock.now();
    this.moved = moved;
    const still = clock.now() - this.movedAt;
    if (this.response) {
      if (still >= idle) return void this.response.destroy(new Error(`the answer stops for ${idle / 1000} s`));
      if (clock.now() - this.respondedAt >= WHOLE * timeout)
        return void this.response.destroy(new Error(`the answer is not complete after ${(WHOLE * timeout) / 1000} s`));
    } else if (this.isSent(socket)) {
      if (still >= timeout) return late(`no answer within ${timeout / 1000} s`);
    } else if (still >= idle) return late(`nothing of the request is taken for ${idle / 1000} s`);
    clock.after(Math.min(CHECK_MS, timeout / 4), () => this.check());
  }

  private isSent(socket: ClientRequest["socket"]): boolean {
    return this.request.writableFinished && socket?.writableLength === 0;
  }
}

function requestOf({ protocol }: URL): (options: RequestOptions) => ClientRequest {
  const name = protocol === "https:" ? "node:https" : "node:http";
  return process.getBuiltinModule(name).request;
}

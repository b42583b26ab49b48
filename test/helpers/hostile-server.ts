// A bulk server that misbehaves as a test says, for whole requests or single documents. Stores documents by index and id, as
// a real server does, and records every request.
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

const { gunzipSync } = process.getBuiltinModule("node:zlib");

/** One request as received. */
export interface BulkRequest {
  readonly index: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly docs: number;
  /** Size of the body, uncompressed. */
  readonly bytes: number;
  /** Counts requests from 0. */
  readonly number: number;
}

/**
 * status: answer with this status and store nothing. reset: reset the connection before anything is stored; lost: after.
 * hang: never answer. hangBody: send the headers and ten bytes of the body, no more. drip: send the body byte by byte. half:
 * promise the full Content-Length and disconnect in the middle. cut: complete response with half of the JSON. short: leave out
 * one item. slowMs: delay the request by so many milliseconds. instead: store everything, and answer 200 with this text.
 */
export type Misdeed =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | "reset"
  | "lost"
  | "hang"
  | "hangBody"
  | "drip"
  | "half"
  | "cut"
  | "short"
  | { readonly slowMs: number }
  | { readonly instead: string };

export interface ItemError {
  readonly status: number;
  readonly type: string;
  readonly reason?: string;
}

export interface Hostile {
  whole?: ((request: BulkRequest, lines: readonly string[]) => Misdeed | undefined) | undefined;
  /** Decides about each document; undefined: store it. */
  item?: ((document: string, request: BulkRequest) => ItemError | undefined) | undefined;
  /** Sets `failure_store` on each stored item. */
  failureStore?: boolean;
}

export class HostileServer implements AsyncDisposable {
  readonly url: string;
  readonly requests: BulkRequest[] = [];
  /** Documents by "index/id". */
  readonly stored = new Map<string, string>();
  readonly does: Hostile;
  bytes = 0;
  private readonly close: () => Promise<void>;

  private constructor(does: Hostile, url: string, close: () => Promise<void>) {
    this.does = does;
    this.url = url;
    this.close = close;
  }

  static async start(does: Hostile = {}): Promise<HostileServer> {
    const sockets = new Set<Socket>();
    const server = createServer();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const close = async (): Promise<void> => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    };
    const hostile = new HostileServer(does, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close);
    server.on("request", (request, response) => void hostile.serve(request, response));
    return hostile;
  }

  /** Documents stored in an index. */
  count(index: string): number {
    let count = 0;
    for (const key of this.stored.keys()) if (key.startsWith(`${index}/`)) count++;
    return count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    request.on("error", () => {});
    response.on("error", () => {});
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    if (request.method === "GET") return say(response, 200, { version: { number: "8.19.0" } });
    const packed = Buffer.concat(parts);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(packed) : packed;
    this.bytes += body.length;
    const lines = body.toString().split("\n");
    const path = request.url ?? "";
    const index = decodeURIComponent(path.split("?")[0]?.split("/").at(-2) ?? "");
    const docs = (lines.length - 1) / 2;
    const bulk = { index, path, headers: request.headers, docs, bytes: body.length, number: this.requests.length };
    this.requests.push(bulk);
    await this.answer(bulk, lines, request, response);
  }

  private async answer(
    bulk: BulkRequest,
    lines: readonly string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const misdeed = this.does.whole?.(bulk, lines);
    if (misdeed === "hang") return;
    if (misdeed === "reset") return void request.socket.resetAndDestroy();
    if (typeof misdeed === "object" && "status" in misdeed)
      return say(response, misdeed.status, misdeed.body ?? "", misdeed.headers);
    if (typeof misdeed === "object" && "slowMs" in misdeed)
      await new Promise((resolve) => setTimeout(resolve, misdeed.slowMs));
    const items = this.store(bulk, lines);
    if (misdeed === "lost") return void request.socket.resetAndDestroy();
    if (typeof misdeed === "object" && "instead" in misdeed)
      return say(response, 200, misdeed.instead, { "content-type": "text/html" });
    const errors = items.some((item) => Object.values(item)[0]?.error !== undefined);
    const text = JSON.stringify({ errors, items: misdeed === "short" ? items.slice(1) : items });
    if (misdeed === "cut") return say(response, 200, text.slice(0, text.length / 2));
    const head = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    if (misdeed === "hangBody") return void response.writeHead(200, head).write(text.slice(0, 10));
    if (misdeed === "half") {
      response.writeHead(200, head).write(text.slice(0, text.length / 2), () => request.socket.destroy());
      return;
    }
    if (misdeed === "drip") {
      response.writeHead(200, head);
      for (const letter of text) {
        response.write(letter);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return void response.end();
    }
    say(response, 200, text);
  }

  private store(bulk: BulkRequest, lines: readonly string[]): Record<string, { status: number; error?: unknown }>[] {
    const items: Record<string, { status: number; error?: unknown; failure_store?: string }>[] = [];
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const [[operation, meta]] = Object.entries(JSON.parse(lines[i] as string)) as [[string, Record<string, string>]];
      const document = lines[i + 1] as string;
      const key = `${meta["_index"] ?? bulk.index}/${meta["_id"]}`;
      const error = this.does.item?.(document, bulk);
      if (error) items.push({ [operation]: { status: error.status, error: { reason: "", ...error } } });
      else if (this.stored.has(key) && operation === "create") items.push({ create: CONFLICT });
      else {
        this.stored.set(key, document);
        items.push({ [operation]: { status: 201, ...(this.does.failureStore ? { failure_store: "used" } : {}) } });
      }
    }
    return items;
  }
}

const CONFLICT = { status: 409, error: { type: "version_conflict_engine_exception", reason: "exists" } };

function say(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

// The admin endpoint: a read-only HTTP server on a loopback port or a unix socket. Small limits everywhere, because
// whoever can reach it must not be able to make the agent slow. `node:http` by getBuiltinModule: an import of it costs
// 15 MiB more.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe } from "../core/errors.ts";
import type { AdminOptions } from "../core/options.ts";
import { listenOn } from "./listen.ts";
import { route, text, type Reply, type RequestLine, type Routes } from "./router.ts";

const http = process.getBuiltinModule("node:http");

const LIMITS = { headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000, maxHeaderSize: 8192 };
const MAX_CONNECTIONS = 64;
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export interface Admin {
  /** "http://127.0.0.1:9650/" or "unix:/run/spillway/admin.sock". */
  readonly url: string;
  close(): Promise<void>;
}

/** Throws a SpillwayError when the address cannot be had. */
export async function startAdmin(
  listen: Exclude<AdminOptions["listen"], "off">,
  hosts: readonly string[],
  routes: Routes,
): Promise<Admin> {
  const server = http.createServer(LIMITS, (request, response) => void answer(request, response, routes, hosts));
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = 30_000;
  await listenOn(server, listen);
  return { url: urlOf(server), close: () => close(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  hosts: readonly string[],
): Promise<void> {
  const { method = "", url = "", headers } = request;
  const sendsBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  const reply = sendsBody
    ? text(413, "a request here has no body")
    : await replyTo({ method, target: url, host: headers.host }, routes, hosts);
  // The connection is of no more use behind a body that nobody reads.
  send(response, reply, sendsBody ? { connection: "close" } : {});
}

/** A fault in a page must not stop the shipping of logs. */
async function replyTo(request: RequestLine, routes: Routes, hosts: readonly string[]): Promise<Reply> {
  try {
    return await route(request, routes, hosts);
  } catch (error) {
    return text(500, `a fault inside: ${describe(error)}`);
  }
}

function send(response: ServerResponse, reply: Reply, extra: Readonly<Record<string, string>>): void {
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, {
    ...HEADERS,
    ...extra,
    "content-type": reply.type,
    "content-length": body.length,
    ...(reply.allow === undefined ? {} : { allow: reply.allow }),
  });
  // For HEAD node sends the headers alone.
  response.end(body);
}

function urlOf(server: Server): string {
  const address = server.address() as AddressInfo | string;
  if (typeof address === "string") return `unix:${address}`;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

// The admin endpoint: an HTTP server on a loopback port or a unix socket. It is small on purpose, because no client may make the
// agent slow or large. It is built on sockets, because node:http accepts all requests that one read of a connection contains, and
// 60 pipelining clients made the agent 2 GB large. Invariant: the number of connections, the bytes that each holds, and the time
// spent on pages are bounded; if all connections are taken, an idle or stalled one makes room.
import type { AddressInfo, Server, Socket } from "node:net";
import type { Clock, Timer } from "../../core/clock.ts";
import { descriptorLimit } from "../../core/descriptor-limit.ts";
import { describe } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { AdminOptions } from "../../core/options.ts";
import { Connection, type ConnectionHooks, type Phase } from "./connection.ts";
import { listenOn } from "./listen.ts";
import { replyHead } from "./reply-head.ts";
import type { Request } from "./request.ts";
import { type HostRules, type Page, type Reply, type Routes, type StreamPage, queryOf, route, text } from "./router.ts";
import { SocketWatch } from "./socket-watch.ts";
import { SharedPages } from "./shared-pages.ts";
import { Turns } from "./turns.ts";

const net = process.getBuiltinModule("node:net");

/**
 * The one that has been idle longest makes room for the next one. With 64, 280 hostile clients closed a connection before the
 * request of a busy client came, 8 ms later.
 */
export const MAX_CONNECTIONS = descriptorLimit() < 4096 ? 64 : 256;
/** Connections that may wait for a page. The rest stay free for probes, whose pages are made at once. */
const MAX_WAITING = 32;
/** Limit for streams, because they last long. */
const MAX_STREAMS = 16;
/** Limit for response bytes that clients have not taken, over all connections. */
const MAX_BEHIND = 4 * 1024 * 1024;
/** A phase that lasts longer ends the connection. `reading` includes the time between two requests. */
const PATIENCE_MS: Readonly<Record<Phase, number>> = {
  reading: 5000,
  waiting: 30_000,
  writing: 10_000,
  streaming: Infinity,
  closed: 0,
};
const SWEEP_MS = 1000;
/** The connections to close first if there is no room: idle clients, then clients that do not read their response. */
const DISPENSABLE: readonly Phase[] = ["reading", "writing"];

export interface Admin {
  /** "http://127.0.0.1:9650/" or "unix:/run/spillway/admin.sock". */
  readonly url: string;
  /** Replaces the allowed host names. @see AdminParts.hosts */
  allow(hosts: readonly string[]): void;
  close(): Promise<void>;
}

export interface AdminParts {
  readonly listen: Exclude<AdminOptions["listen"], "off">;
  /** Host names allowed besides loopback names and IP literals. */
  readonly hosts: readonly string[];
  readonly routes: Routes;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws a SpillwayError if the address cannot be bound. */
export async function startAdmin(parts: AdminParts): Promise<Admin> {
  const clients = new Clients(parts);
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => clients.accept(socket));
  await listenOn(server, parts.listen);
  const { listen, clock, log } = parts;
  const watch = "socket" in listen ? new SocketWatch({ server, socket: listen.socket, clock, log }) : undefined;
  const close = async (): Promise<void> => {
    await watch?.stop();
    await clients.close(server);
  };
  return { url: urlOf(server), allow: (hosts) => clients.allow(hosts), close };
}

class Clients implements ConnectionHooks {
  private readonly parts: AdminParts;
  private readonly pages: SharedPages;
  private hosts: HostRules;
  /** In the order in which they connected. */
  private readonly connections = new Set<Connection>();
  /** Cancels the page for which a connection waits. */
  private readonly withdraw = new Map<Connection, () => void>();
  /** Ends the stream of a connection. */
  private readonly streams = new Map<Connection, () => void>();
  private sweeping: Timer | undefined;

  constructor(parts: AdminParts) {
    this.parts = parts;
    this.hosts = { listed: parts.hosts, open: isOpen(parts.listen) };
    this.pages = new SharedPages(new Turns(parts.clock));
  }

  now(): number {
    return this.parts.clock.now();
  }

  allow(listed: readonly string[]): void {
    this.hosts = { ...this.hosts, listed };
  }

  accept(socket: Socket): void {
    if (this.connections.size >= MAX_CONNECTIONS && !this.makeRoom()) {
      socket.destroy();
      return;
    }
    this.connections.add(new Connection(socket, this));
    this.sweeping ??= this.parts.clock.after(SWEEP_MS, () => this.sweep());
  }

  requested(connection: Connection, request: Request): void {
    const page = route(request, this.parts.routes, this.hosts);
    if ("status" in page) return this.send(connection, page, request);
    if ("stream" in page) return this.stream(connection, page, request);
    if (page.cost === "none") return this.send(connection, made(page, request), request);
    if (this.withdraw.size >= MAX_WAITING) return this.send(connection, text(503, "too many ask at once"), request);
    const answer = (reply: Reply): void => {
      this.withdraw.delete(connection);
      this.send(connection, reply, request);
    };
    this.withdraw.set(
      connection,
      this.pages.ask(keyOf(request), () => made(page, request), answer),
    );
    if (connection.phase !== "waiting") this.withdraw.delete(connection);
  }

  refused(connection: Connection, { status, why }: { status: number; why: string }): void {
    this.send(connection, text(status, why), undefined);
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
    this.withdraw.get(connection)?.();
    this.withdraw.delete(connection);
    this.streams.get(connection)?.();
    this.streams.delete(connection);
  }

  private stream(connection: Connection, page: StreamPage, request: Request): void {
    const headers = { "x-accel-buffering": "no" };
    const head = { status: 200, type: page.type, body: "", headers };
    if (request.method === "HEAD") return this.send(connection, head, request);
    if (this.streams.size >= MAX_STREAMS) return this.send(connection, text(503, "too many watch at once"), request);
    connection.stream(replyHead(head, undefined, { last: true, wall: this.parts.clock.wall() }));
    this.streams.set(connection, page.stream(connection));
  }

  private send(connection: Connection, reply: Reply, request: Request | undefined): void {
    const { body } = reply;
    const length = Buffer.byteLength(body);
    let behind = length;
    for (const one of this.connections) behind += one.behind;
    for (; behind > MAX_BEHIND;) {
      const slowest = this.longestIn("writing");
      if (slowest === undefined) break;
      behind -= slowest.behind;
      slowest.close();
    }
    const head = replyHead(reply, length, { last: !connection.keepAlive, wall: this.parts.clock.wall() });
    connection.answer(head, request?.method === "HEAD" ? "" : body);
  }

  private makeRoom(): boolean {
    for (const phase of DISPENSABLE) {
      const connection = this.longestIn(phase);
      connection?.close();
      if (connection !== undefined) return true;
    }
    return false;
  }

  private longestIn(phase: Phase): Connection | undefined {
    let longest: Connection | undefined;
    for (const one of this.connections) {
      if (one.phase === phase && (longest === undefined || one.since < longest.since)) longest = one;
    }
    return longest;
  }

  private sweep(): void {
    const now = this.now();
    for (const one of this.connections) if (now - one.since > PATIENCE_MS[one.phase]) one.close();
    this.sweeping = this.connections.size === 0 ? undefined : this.parts.clock.after(SWEEP_MS, () => this.sweep());
  }

  close(server: Server): Promise<void> {
    this.sweeping?.cancel();
    return new Promise((resolve) => {
      server.close(() => resolve());
      for (const connection of this.connections) connection.close();
    });
  }
}

/** Whether other hosts can reach the address. */
function isOpen(listen: AdminParts["listen"]): boolean {
  return "host" in listen && listen.host !== "localhost" && listen.host !== "::1" && !listen.host.startsWith("127.");
}

/** A bug in a page must not stop the shipping of logs. */
function made(page: Page, request: Request): Reply {
  try {
    return page.answer(queryOf(request), request);
  } catch (error) {
    return text(500, `a fault inside: ${describe(error)}`);
  }
}

/** Everything that a response may depend on, besides the time. */
function keyOf({ method, target, headers }: Request): string {
  return `${method === "POST" ? "POST" : "GET"} ${target} ${headers.get("accept-encoding") ?? ""}`;
}

function urlOf(server: Server): string {
  const address = server.address() as AddressInfo | string;
  if (typeof address === "string") return `unix:${address}`;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}/`;
}

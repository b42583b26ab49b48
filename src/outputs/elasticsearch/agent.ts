// Creates the http(s) agents below the client: keep-alive sockets, the user's certificates, a connect timeout. Invariant: every
// error that reaches the client has its code in the message, because the client keeps only the message.
import { readFileSync } from "node:fs";
import type { Agent, AgentOptions } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { SpillwayError, EXIT, describe } from "../../core/errors.ts";
import type { TlsOptions } from "../../core/options.ts";

/** TLS options for Node's agent, with the files read. */
export interface TlsMaterial {
  readonly ca?: Buffer | string[];
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly passphrase?: string;
  readonly rejectUnauthorized: boolean;
}

export function readTls(tls: TlsOptions): TlsMaterial {
  return {
    ...(tls.ca === undefined ? {} : { ca: readPem("ca", tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: readPem("cert", tls.cert) }),
    ...(tls.key === undefined ? {} : { key: readPem("key", tls.key) }),
    ...(tls.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
    rejectUnauthorized: tls.verify,
  };
}

/** The default trust when `output.tls.ca` is not set: Node's bundled CAs and those of the system. */
export function trusted(): string[] {
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
}

function readPem(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SpillwayError("output-tls-file", `output.tls.${name}: ${path} cannot be read: ${describe(cause)}`, {
      hint: "name a PEM file that the user of the agent may read",
      exit: EXIT.config,
      cause,
    });
  }
}

/** LIFO, because the server is least likely to have closed the connection that was used last. */
const AGENT: AgentOptions = { keepAlive: true, keepAliveMsecs: 1000, scheduling: "lifo", maxFreeSockets: 64 };

export interface AgentParts {
  readonly clock: Clock;
  /** Milliseconds until a connection must be established, including TLS. */
  readonly connectTimeout: number;
  /** URL of the proxy to use. */
  readonly proxy?: string | undefined;
}

export function createAgent(protocol: string, tls: TlsMaterial, { clock, connectTimeout, proxy }: AgentParts): Agent {
  // Node's agents take the proxy under its environment names; they use CONNECT for https, the absolute URL for http.
  const way = proxy === undefined ? AGENT : { ...AGENT, proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  const agent =
    protocol === "https:"
      ? new (process.getBuiltinModule("node:https").Agent)({ ...way, ...tls, ca: tls.ca ?? trusted() })
      : new (process.getBuiltinModule("node:http").Agent)(way);
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = create(options, callback);
    // With a proxy, the timeout covers only the connection to the proxy.
    const event = protocol === "https:" && proxy === undefined ? "secureConnect" : "connect";
    if (socket) limit(socket as Socket, event, connectTimeout, clock);
    // Registered first, so that later listeners read the message with its code.
    socket?.on("error", (error: Error) => {
      error.message = named(error);
    });
    return socket;
  };
  return agent;
}

/** Fails a connection that is not established within `ms`, as if it had been refused. */
function limit(socket: Socket, event: "connect" | "secureConnect", ms: number, clock: Clock): void {
  const timer = clock.after(ms, () => {
    const message = `no connection within ${ms / 1000} s`;
    socket.destroy(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
  });
  for (const end of [event, "close"]) socket.once(end, () => timer.cancel());
}

/** The error's message with its code. If several addresses were tried, the messages of all. */
function named(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(named).join(", ");
  const { message, code } = error;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

// The sockets below the client: kept alive, with the user's certificates, and with errors that say what happened. What
// must hold: an error that reaches the client names its code, since the client keeps nothing but the message.
import { readFileSync } from "node:fs";
import type { Agent, AgentOptions } from "node:http";
import { SpillwayError, EXIT, describe } from "../../core/errors.ts";
import type { TlsOptions } from "../../core/options.ts";

/** What the client wants to know of TLS. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly rejectUnauthorized: boolean;
}

export function readTls(tls: TlsOptions): TlsMaterial {
  return {
    ...(tls.ca === undefined ? {} : { ca: readPem("ca", tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: readPem("cert", tls.cert) }),
    ...(tls.key === undefined ? {} : { key: readPem("key", tls.key) }),
    rejectUnauthorized: tls.verify,
  };
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

/** LIFO: a connection that was used last is the least likely to have been closed by the server meanwhile. */
const AGENT: AgentOptions = { keepAlive: true, keepAliveMsecs: 1000, scheduling: "lifo", maxFreeSockets: 64 };

export function createAgent(protocol: string, tls: TlsMaterial): Agent {
  const agent =
    protocol === "https:"
      ? new (process.getBuiltinModule("node:https").Agent)({ ...AGENT, ...tls })
      : new (process.getBuiltinModule("node:http").Agent)(AGENT);
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = create(options, callback);
    // The first listener of all: the others read the message that it leaves.
    socket?.on("error", (error: Error) => {
      error.message = named(error);
    });
    return socket;
  };
  return agent;
}

/** With its code; of several addresses tried, each with its own. */
function named(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(named).join(", ");
  const { message, code } = error;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

// Binds a server to a port or a unix socket, and says in one sentence what is in the way. A socket file that nobody
// listens on any more, left by a kill, is removed; a living one is not.
import { chmodSync, lstatSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { describe, EXIT, hasCode, SpillwayError } from "../core/errors.ts";

const net = process.getBuiltinModule("node:net");

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly socket: string };

/** Owner and group: whoever may read the agent's state. */
const SOCKET_MODE = 0o660;

export async function listenOn(server: Server, address: ListenAddress): Promise<void> {
  try {
    await bind(server, address);
  } catch (error) {
    if (!("socket" in address) || !hasCode(error, "EADDRINUSE") || !(await leftBehind(address.socket))) {
      throw refusal(error, address);
    }
    rmSync(address.socket, { force: true });
    await bind(server, address).catch((again: unknown) => {
      throw refusal(again, address);
    });
  }
  if ("socket" in address) chmodSync(address.socket, SOCKET_MODE);
}

function bind(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen("socket" in address ? { path: address.socket } : { host: address.host, port: address.port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** A socket that refuses. Anything else at that path is not ours to remove. */
async function leftBehind(path: string): Promise<boolean> {
  if (!lstatSync(path).isSocket()) return false;
  return new Promise((resolve) => {
    const probe = net.connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error) => resolve(hasCode(error, "ECONNREFUSED")));
  });
}

function refusal(error: unknown, address: ListenAddress): SpillwayError {
  const where = "socket" in address ? `unix:${address.socket}` : `${address.host}:${address.port}`;
  if (hasCode(error, "EADDRINUSE")) {
    return new SpillwayError("admin-port-in-use", `could not listen on ${where} for the admin endpoint: it is in use`, {
      hint: "stop what uses it, or set `admin.listen` to another address or to `off`",
      exit: EXIT.temporary,
      cause: error,
    });
  }
  const message = `could not listen on ${where} for the admin endpoint: ${describe(error)}`;
  return new SpillwayError("admin-listen-failed", message, {
    hint: "set `admin.listen` to an address of this machine that this user may use, or to `off`",
    exit: EXIT.config,
    cause: error,
  });
}

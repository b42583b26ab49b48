// Binds a server to a port or a unix socket, and explains a failure in one sentence. Removes a socket file on which nobody
// listens any more, left by a killed process; a socket in use is kept.
import { chmodSync, lstatSync, rmSync, statSync } from "node:fs";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { describe, EXIT, hasCode, SpillwayError } from "../../core/errors.ts";

const net = process.getBuiltinModule("node:net");

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly socket: string };

/** For owner and group, who may read the agent's state. */
const SOCKET_MODE = 0o660;
/** The kernel's limit for the bytes of a path. */
const LONGEST_SOCKET = 107;
/** Temporary at boot: the address, or the name server, may become available a little later. */
const LATER = ["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN"];

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

/** Whether the path is a socket that refuses connections. Anything else at the path must not be removed. */
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
  const unfit = "socket" in address ? unfitPath(address.socket) : undefined;
  if (unfit === undefined && hasCode(error, "EADDRINUSE")) {
    return new SpillwayError("admin-port-in-use", `could not listen on ${where} for the admin endpoint: it is in use`, {
      hint: "stop what uses it, or set `admin.listen` to another address or to `off`",
      exit: EXIT.temporary,
      cause: error,
    });
  }
  const message = `could not listen on ${where} for the admin endpoint: ${unfit ?? describe(error)}`;
  return new SpillwayError("admin-listen-failed", message, {
    hint: "set `admin.listen` to an address of this machine that this user may use, or to `off`",
    exit: LATER.some((code) => hasCode(error, code)) ? EXIT.temporary : EXIT.config,
    cause: error,
  });
}

/** Explains bad paths, for which Node only reports EACCES, EINVAL or EADDRINUSE. */
function unfitPath(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST_SOCKET)
    return `its path has ${bytes} bytes, and ${LONGEST_SOCKET} is the most that a socket may have`;
  const directory = dirname(path);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return `there is no directory ${directory}`;
  const there = lstatSync(path, { throwIfNoEntry: false });
  return there === undefined || there.isSocket() ? undefined : "what is there is no socket, and is not removed";
}

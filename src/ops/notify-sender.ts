// Sends datagrams to systemd, which Node's own sockets cannot. Uses libc through node:ffi if available (9 us per message), else
// the systemd-notify program (7 ms, and the unit needs NotifyAccess=all).
import { spawn } from "node:child_process";

export type Send = (assignments: Readonly<Record<string, string>>) => void;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

export function notifySender(socket: string): Send {
  return ffiSender(socket) ?? execSender(socket);
}

/** Undefined if this Node has no node:ffi. */
export function ffiSender(socket: string): Send | undefined {
  const ffi = withoutExperimentalWarning(() => process.getBuiltinModule("node:ffi"));
  if (ffi === undefined) return undefined;
  const { functions: libc } = ffi.dlopen(null, {
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    sendto: { arguments: ["i32", "buffer", "u64", "i32", "buffer", "u32"], return: "i64" },
  });
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const address = socketAddress(socket);
  return (assignments) => {
    const bytes = Buffer.from(lines(assignments).join("\n"));
    libc.sendto(fd, bytes, BigInt(bytes.length), MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length);
  };
}

export function execSender(socket: string): Send {
  return (assignments) => {
    const child = spawn("systemd-notify", ["--", ...lines(assignments)], {
      stdio: "ignore",
      env: { ...process.env, NOTIFY_SOCKET: socket },
    });
    // systemd-notify is not installed. The agent works without it.
    child.on("error", () => {});
    child.unref();
  };
}

/** A sockaddr_un: the family, then the path. systemd writes an abstract name with an at sign in place of its leading NUL. */
export function socketAddress(path: string): Buffer {
  const name = path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`;
  const family = Buffer.alloc(2);
  // In the machine's byte order, which is little-endian wherever Node has node:ffi.
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, Buffer.from(name)]);
}

function lines(assignments: Readonly<Record<string, string>>): string[] {
  return Object.entries(assignments).map(([key, value]) => `${key}=${value.replaceAll("\n", " ")}`);
}

/** Suppresses Node's warning, once per process, that node:ffi is experimental; it is of no use to the user. */
function withoutExperimentalWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (rest[0] !== "ExperimentalWarning") (emitWarning as (...all: unknown[]) => void)(warning, ...rest);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

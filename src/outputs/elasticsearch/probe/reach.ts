// Tests the path to one host in separate steps, its name, a connection, TLS, so that the first failure says what is wrong.
import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../../../core/clock.ts";
import { describe, EXIT, SpillwayError } from "../../../core/errors.ts";
import type { OutputOptions } from "../../../core/options.ts";
import { readTls, trusted } from "../agent.ts";
import { fault } from "../connect.ts";
import { proxyFor, theProxy } from "../proxy.ts";
import { timed, type StepReport } from "./step.ts";

type Parts = readonly [host: string, options: OutputOptions, clock: Clock];

/** Yields each step when it ends, and stops after the first that fails. */
export async function* reach(...[host, options, clock]: Parts): AsyncGenerator<StepReport> {
  const url = new URL(host);
  const secure = url.protocol === "https:";
  const proxy = proxyFor(url, options.proxy);
  const next = proxy === undefined ? url : new URL(proxy);
  const by = theProxy(proxy);
  const name = next.hostname.replace(/^\[|\]$/g, "");
  const port = Number(next.port || (next.protocol === "https:" ? 443 : 80));
  let addresses: readonly string[] = [];
  const resolved = await timed(host, "resolve", clock, async () => {
    addresses = await addressesOf(name, by);
    return { what: by + (isIP(name) ? `${name} is an address` : `${name} is ${addresses.join(", ")}`) };
  });
  yield resolved;
  if (!resolved.ok) return;
  const connected = await timed(host, "connect", clock, async () => {
    const socket = connectTcp({ host: name, port });
    const { remoteAddress } = await opened(socket, "connect", options, clock, { by });
    return { what: `${by}port ${port} of ${remoteAddress ?? addresses[0]} takes connections` };
  });
  yield connected;
  // Behind a proxy, the next step ("server") makes the TLS handshake.
  if (connected.ok && secure && proxy === undefined)
    yield await timed(host, "tls", clock, () => agree(name, port, options, clock));
}

async function addressesOf(name: string, by: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw fault("resolve", `${by || `${name}: `}${describe(error)}`, error);
  }
}

/** Checks the certificate here instead of in the handshake, so that the message can describe the certificate. */
async function agree(name: string, port: number, options: OutputOptions, clock: Clock): Promise<{ what: string }> {
  const material = readTls(options.tls);
  let socket: TLSSocket;
  try {
    const servername = isIP(name) ? {} : { servername: name };
    const from = { ...material, ca: material.ca ?? trusted(), rejectUnauthorized: false };
    socket = connectTls({ ...from, ...servername, host: name, port });
  } catch (error) {
    // The client's own certificate, key or passphrase is wrong.
    throw fault("tls", describe(error), error);
  }
  let what = "";
  let wrong: Error | undefined;
  await opened(socket, "secureConnect", options, clock, {
    look: () => {
      what = `${socket.getProtocol() ?? "TLS"}, ${certificateOf(socket)}`;
      wrong = socket.authorizationError;
    },
  });
  if (!material.rejectUnauthorized) return { what: `${what}; not checked, as output.tls.verify says` };
  if (wrong) {
    const { code, hint = "", message } = fault("tls", String(wrong), wrong);
    throw new SpillwayError(code, `${message.replace(/\.$/, "")}: ${what}`, { hint, exit: EXIT.temporary });
  }
  return { what };
}

function certificateOf(socket: TLSSocket): string {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return "no certificate";
  const { subject, issuer, subjectAltName, validTo } = certificate;
  const names = subjectAltName ?? plain(subject);
  return `certificate for ${names}, issued by ${plain(issuer)}, valid until ${validTo}`;
}

/** A distinguished name has one part per line; joins them into one line. */
function plain(name: string): string {
  return name.replaceAll("\n", ", ");
}

/** Settles when the socket is open, then closes it. */
function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  { connectTimeout }: OutputOptions,
  clock: Clock,
  { look = () => {}, by = "" }: { readonly look?: () => void; readonly by?: string } = {},
): Promise<{ remoteAddress: string | undefined }> {
  const step = event === "connect" ? "connect" : "tls";
  const { promise, resolve, reject } = Promise.withResolvers<{ remoteAddress: string | undefined }>();
  const late = `no connection within ${connectTimeout / 1000} s`;
  const timer = clock.after(connectTimeout, () => reject(fault(step, by + late)));
  socket.once(event, () => {
    look();
    resolve({ remoteAddress: socket.remoteAddress });
  });
  socket.on("error", (error: Error) => reject(fault(step, by + said(error), error)));
  socket.once("close", () => reject(fault(step, `${by}socket hang up`)));
  return promise.finally(() => {
    timer.cancel();
    socket.destroy();
  });
}

/** The message with its error code, which words.ts matches. */
function said(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  const { message, code } = first as NodeJS.ErrnoException;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

/** Whether a port that is configured with http:// speaks TLS. */
export async function speaksTls(host: string, options: OutputOptions, clock: Clock): Promise<boolean> {
  const { hostname, port, protocol } = new URL(host);
  if (protocol !== "http:") return false;
  const to = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80), rejectUnauthorized: false };
  return opened(connectTls(to), "secureConnect", options, clock).then(
    () => true,
    () => false,
  );
}

// `check --connect`: dials the output step by step, each host by itself, so that the first step that fails says what is
// wrong: resolve, connect, tls, then the output's own greeting, which authenticates and asks for the version.
import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { describe, SpillwayError } from "../core/errors.ts";
import { silentLog } from "../core/log.ts";
import type { OutputOptions } from "../core/options.ts";

export interface StepReport {
  readonly host: string;
  readonly step: "resolve" | "connect" | "tls" | "server";
  readonly ok: boolean;
  readonly ms: number;
  /** What was found, or why it failed. */
  readonly what: string;
  readonly hint?: string;
}

/** Each step as it ends; the first failure of a host ends its steps. */
export async function* dial(options: OutputOptions, clock: Clock): AsyncGenerator<StepReport> {
  for (const host of options.hosts) {
    let ok = true;
    for await (const report of reach(host, options, clock)) {
      ok = report.ok;
      yield report;
    }
    if (ok) yield await greet(host, options, clock);
  }
}

type Step = StepReport["step"];

async function* reach(host: string, options: OutputOptions, clock: Clock): AsyncGenerator<StepReport> {
  const url = new URL(host);
  const secure = url.protocol === "https:";
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (secure ? 443 : 80));
  const resolved = await timed(host, "resolve", clock, async () => (await lookup(name)).address);
  yield resolved;
  if (!resolved.ok) return;
  const connected = await timed(host, "connect", clock, async () => {
    await opened(connectTcp({ host: name, port, timeout: options.timeout }), "connect");
    return `${resolved.what} port ${port}`;
  });
  yield connected;
  if (!connected.ok || !secure) return;
  yield await timed(host, "tls", clock, async () => {
    const { ca, cert, key, verify } = options.tls;
    const material = Object.entries({ ca, cert, key }).flatMap(([kind, file]) =>
      file === undefined ? [] : [[kind, readFileSync(file)]],
    );
    const servername = /^[\d.]+$|:/.test(name) ? undefined : name;
    const socket = connectTls({
      host: name,
      port,
      timeout: options.timeout,
      rejectUnauthorized: verify,
      ...(servername === undefined ? {} : { servername }),
      ...Object.fromEntries(material),
    });
    await opened(socket, "secureConnect");
    return verify ? "the certificate is good" : "the certificate was not checked";
  });
}

/** Settles once the socket is open, and closes it. */
function opened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once("timeout", () => reject(new Error("no answer in time")));
    socket.once("error", reject);
  }).finally(() => socket.destroy());
}

async function greet(host: string, options: OutputOptions, clock: Clock): Promise<StepReport> {
  const { createElasticsearchOutput } = await import("../outputs/elasticsearch/output.ts");
  return timed(host, "server", clock, async () => {
    const output = createElasticsearchOutput({ ...options, hosts: [host] }, { clock, log: silentLog });
    try {
      const { name } = await output.connect(AbortSignal.timeout(options.timeout));
      return options.auth === undefined ? name : `${name} took the credentials`;
    } finally {
      await output.close();
    }
  });
}

async function timed(host: string, step: Step, clock: Clock, run: () => Promise<string>): Promise<StepReport> {
  const start = clock.now();
  try {
    const what = await run();
    return { host, step, ok: true, ms: clock.now() - start, what };
  } catch (error) {
    const hint = error instanceof SpillwayError ? error.hint : undefined;
    const what = describe(error).replace(/\.$/, "");
    return { host, step, ok: false, ms: clock.now() - start, what, ...(hint === undefined ? {} : { hint }) };
  }
}

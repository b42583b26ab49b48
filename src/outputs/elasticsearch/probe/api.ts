// Requests to a server other than _bulk: JSON in, status and JSON out. Only `check --connect` and `setup` send them.
import type { Clock } from "../../../core/clock.ts";
import type { OutputOptions } from "../../../core/options.ts";
import { BulkClient } from "../client.ts";

export type Method = "GET" | "POST" | "PUT";

export interface Told {
  readonly status: number;
  /** Undefined if the response is not JSON. */
  readonly json: unknown;
}

const MAX_PARTS = 1024;

export class Api {
  private readonly client: BulkClient;
  private readonly signal: AbortSignal;

  constructor(options: OutputOptions, clock: Clock, signal: AbortSignal) {
    this.client = new BulkClient(options, clock);
    this.signal = signal;
  }

  /** Rejects with NoAnswer. @param body bytes are sent unchanged, anything else as JSON */
  async ask(
    method: Method,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Told> {
    const [pathname = "", query = ""] = path.split("?");
    const parts: Buffer[] = [];
    const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const type = Buffer.isBuffer(body) ? "application/x-ndjson" : "application/json";
    const head = await this.client.exchange(
      {
        method,
        path: pathname,
        query,
        headers: { ...(bytes === undefined ? {} : { "content-type": type }), ...headers },
        body: bytes,
        take: (part) => parts.push(part) < MAX_PARTS,
      },
      this.signal,
    );
    return { status: head.status, json: parse(Buffer.concat(parts)) };
  }

  close(): void {
    this.client.close();
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The value at a path of members; undefined if the path does not exist. */
export function at(json: unknown, ...path: readonly (string | number)[]): unknown {
  let value = json;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[key];
  }
  return value;
}

/** The string at the path, or "". */
export function textAt(json: unknown, ...path: readonly (string | number)[]): string {
  const value = at(json, ...path);
  return typeof value === "string" ? value : "";
}

/** The array at the path, or an empty one. */
export function listAt(json: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const value = at(json, ...path);
  return Array.isArray(value) ? value : [];
}

/** The reason that the server gives, as part of a sentence. */
export function reasonOf({ status, json }: Told): string {
  const error = at(json, "error");
  const reason = typeof error === "string" ? error : textAt(json, "error", "reason") || textAt(json, "error", "type");
  return reason === "" ? `the server answers ${status}` : `the server answers ${status}: ${reason.slice(0, 300)}`;
}

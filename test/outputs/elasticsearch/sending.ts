// Sends requests through the client, for the tests of the client's parts.
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { systemClock } from "../../../src/core/clock.ts";
import { BulkClient, NoAnswer } from "../../../src/outputs/elasticsearch/client.ts";
import type { Head } from "../../../src/outputs/elasticsearch/client.ts";
import { outputOptions } from "../../helpers/output-options.ts";

export const never = new AbortController().signal;
export const STORED = '{"errors":false,"items":[{"create":{"status":201}}]}';

export function client(url: string | readonly string[], timeout = 5000): BulkClient {
  return new BulkClient(outputOptions({ hosts: [url].flat(), timeout }), systemClock);
}

export interface Sent extends Head {
  readonly text: string;
}

export async function send(through: BulkClient, body: Buffer, signal: AbortSignal = never): Promise<Sent> {
  const parts: Buffer[] = [];
  const take = (chunk: Buffer): boolean => parts.push(chunk) < 100;
  const request = { method: "POST", path: "/x/_bulk", query: "a=b", headers: {}, body, take } as const;
  const head = await through.exchange(request, signal);
  return { ...head, text: Buffer.concat(parts).toString() };
}

export async function failureOf(promise: Promise<unknown>): Promise<NoAnswer> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof NoAnswer, String(error));
    return error;
  }
  throw new Error("it was answered");
}

/** A view into shared memory, like the bodies that the agent sends. */
export function shared(bytes: number, fill: string): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes)).fill(fill);
}

export async function closed(sockets: ReadonlySet<Socket>): Promise<void> {
  while (sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
}

// Sends one JSON document by POST, for a rung's `notify`. Invariants: it ends with its signal at the latest, whatever the server
// does; redirects are not followed, because they could lead the document anywhere; only the status of the response is used,
// because an error page may repeat the secret in the URL. `node:http` is loaded by getBuiltinModule, because an import costs
// 15 MiB more.
import { lookup } from "node:dns";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { LookupFunction } from "node:net";
import { describe } from "../../core/errors.ts";
import type { Outcome } from "./outcome.ts";

const http = process.getBuiltinModule("node:http");

/** Up to this many bytes of a response are read, so that the connection ends cleanly; then it is cut. */
const MOST_ANSWER = 64 * 1024;

/** @param signal aborted with the reason as its text, on a timeout or when the agent stops. Never rejects. */
export function post(url: string, body: string, agent: string, signal: AbortSignal): Promise<Outcome> {
  const { request: open } = url.startsWith("https:") ? process.getBuiltinModule("node:https") : http;
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": agent,
  };
  return new Promise((resolve) => {
    const request = open(url, { method: "POST", headers, agent: false, lookup: oneLookup });
    const stop = (): void => void request.destroy(new Error(String(signal.reason)));
    const end = (outcome: Outcome): void => {
      signal.removeEventListener("abort", stop);
      resolve(outcome);
    };
    follow(request, end);
    request.end(body);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Calls `end` at least once; only the first call counts. */
function follow(request: ClientRequest, end: (outcome: Outcome) => void): void {
  // After `finish` the receiver may have the document, even if no response comes.
  let written = false;
  let answer: Outcome | undefined;
  const over = (says: string): void => end(answer ?? { arrived: written ? "perhaps" : "no", says });
  request.on("finish", () => (written = true));
  request.on("response", (response) => {
    answer = verdict(response);
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_ANSWER) request.destroy();
    });
    response.on("error", () => {});
  });
  // If only the rest of a response is missing, its status is known.
  request.on("error", (error) => over(reason(error)));
  request.on("close", () => over("the connection was closed without an answer"));
}

function verdict({ statusCode = 0 }: IncomingMessage): Outcome {
  if (statusCode >= 200 && statusCode < 300) return { arrived: "yes", says: `answered ${statusCode}` };
  const redirect = statusCode >= 300 && statusCode < 400 ? ", a redirect, which is not followed" : "";
  return { arrived: "no", says: `answered ${statusCode}${redirect}` };
}

/** For several addresses, Node's error has no message, so the errors of the addresses are joined. */
function reason(error: Error): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(describe).join(", ");
  return describe(error);
}

let looking = 0;

/**
 * A host lookup occupies one of the four threads that also read files, for as long as the resolver tries (5 s and more for
 * each server that does not answer), and cannot be cancelled. So only one lookup runs at a time.
 */
const oneLookup: LookupFunction = (host, options, done) => {
  if (looking > 0) return done(new Error("an earlier look-up of a host name has no answer yet"), "");
  looking++;
  lookup(host, options, (error, ...found) => {
    looking--;
    done(error, ...found);
  });
};

// From a request's line and Host header to an answer: exact paths, GET and HEAD alone, nothing that changes anything.
// Pure, so that every refusal can be tested without a socket.
import { hostAllowed } from "./host.ts";

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly allow?: string;
}

export type Handler = (query: URLSearchParams) => Reply | Promise<Reply>;
export type Routes = ReadonlyMap<string, Handler>;

export interface RequestLine {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly host: string | undefined;
}

export const TEXT = "text/plain; charset=utf-8";

export function text(status: number, sentence: string): Reply {
  return { status, type: TEXT, body: `${sentence}\n` };
}

/** @param hosts names allowed besides loopback names and IP literals */
export function route(request: RequestLine, routes: Routes, hosts: readonly string[]): Reply | Promise<Reply> {
  if (!hostAllowed(request.host, hosts)) {
    return text(403, "this Host name is not allowed; list it in `admin.hosts` if it is yours");
  }
  const mark = request.target.indexOf("?");
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  const handler = routes.get(path);
  if (handler === undefined) return text(404, `no such page; there are: ${[...routes.keys()].join(" ")}`);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...text(405, "read-only: GET and HEAD"), allow: "GET, HEAD" };
  }
  return handler(new URLSearchParams(mark < 0 ? "" : request.target.slice(mark + 1)));
}

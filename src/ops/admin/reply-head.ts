// The head of a response. Every page forbids caching, sniffing and framing, allows no other origin, and runs only the scripts
// that its own policy names.
import type { Reply } from "./router.ts";

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export interface HeadOptions {
  /** Whether the connection ends after this response. */
  readonly last: boolean;
  readonly wall: number;
}

/** @param length bytes of the body; undefined for a stream, which ends with its connection */
export function replyHead(reply: Reply, length: number | undefined, { last, wall }: HeadOptions): string {
  const headers = {
    ...HEADERS,
    date: new Date(wall).toUTCString(),
    "content-type": reply.type,
    ...(length === undefined ? {} : { "content-length": String(length) }),
    ...(last || length === undefined ? { connection: "close" } : {}),
    ...reply.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${reply.status} ${REASONS[reply.status] ?? ""}\r\n${lines.join("")}\r\n`;
}

// Parses the head of an HTTP/1 request. As strict as the standard permits, because the only clients are browsers, scrapers,
// probes and curl, and nothing doubtful needs to be answered. Pure.

export interface Request {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** By lower-case name. Repeated headers are joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  /** Whether the client may send another request on this connection. */
  readonly keepAlive: boolean;
}

export interface BadRequest {
  readonly status: 400 | 413 | 431 | 505;
  readonly why: string;
}

/** Limit for the bytes of a head, including its last line. */
export const MAX_HEAD = 8192;

const END = Buffer.from("\r\n\r\n");
const REQUEST_LINE = /^([A-Z]+) ([!-~]+) HTTP\/(\d\.\d)$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
// Tab and everything printable. No other control characters, so no line break within a line.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Bytes of the complete head at the start of `bytes`; 0 while it is incomplete. */
export function headLength(bytes: Buffer): number {
  const end = bytes.indexOf(END);
  return end < 0 ? 0 : end + END.length;
}

/** @param head a complete head, as found by `headLength` */
export function parseRequest(head: Buffer): Request | BadRequest {
  const [first = "", ...lines] = head.toString("latin1", 0, head.length - END.length).split("\r\n");
  const [, method, target, version] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || target === undefined) return { status: 400, why: "the first line is not a request" };
  if (version !== "1.0" && version !== "1.1") return { status: 505, why: "this is HTTP/1.0 and HTTP/1.1" };
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined || !VALUE.test(value))
      return { status: 400, why: "a header is wrong" };
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (before !== undefined && key === "host") return { status: 400, why: "two Host headers" };
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  if (version === "1.1" && !headers.has("host")) return { status: 400, why: "the Host header is missing" };
  if (headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0") {
    return { status: 413, why: "a request here has no body" };
  }
  const connection = (headers.get("connection") ?? "").toLowerCase();
  const keepAlive = version === "1.1" ? !connection.includes("close") : connection.includes("keep-alive");
  return { method, target, headers, keepAlive };
}

// Sends a response as Elasticsearch does: with its product header, and with gzip if requested.
import type { IncomingMessage, ServerResponse } from "node:http";

const { gzip } = process.getBuiltinModule("node:zlib");
/** Below this size, gzip saves nothing. */
const MIN_PACKED = 1024;

export async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  contentType = "application/json",
): Promise<void> {
  response.setHeader("x-elastic-product", "Elasticsearch");
  if (text !== "") response.setHeader("content-type", contentType);
  let body = Buffer.from(text);
  if (body.length >= MIN_PACKED && /\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) {
    response.setHeader("content-encoding", "gzip");
    body = await pack(body);
  }
  response.writeHead(status, { "content-length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

export function errorJson(status: number, type: string, reason: string): string {
  return JSON.stringify({ error: { root_cause: [{ type, reason }], type, reason }, status });
}

function pack(plain: Buffer): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    gzip(plain, { level: 1 }, (error, packed) =>
      error === null ? resolve(packed as Buffer<ArrayBuffer>) : reject(error),
    );
  });
}

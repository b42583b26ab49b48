// Reads the body of a response as it arrives. Invariant: when this settles, the connection no longer reads the request's body:
// either all of it has been sent, or the socket is gone.
import type { ClientRequest, IncomingMessage } from "node:http";

const { gunzip } = process.getBuiltinModule("node:zlib");

/** A gzip response is buffered whole before it is unpacked. Bulk responses shrink to a hundredth. */
const MAX_PACKED = 8 * 1024 * 1024;
const MAX_UNPACKED = 64 * 1024 * 1024;
/** Large enough for most responses in one piece, so that nothing has to be joined. */
const PIECE = 512 * 1024;

/** @param take gets the decoded bytes; returns false if the response is too large */
export async function readBody(response: IncomingMessage, take: (chunk: Buffer) => boolean): Promise<void> {
  if (response.headers["content-encoding"] !== "gzip") return receive(response, take);
  const parts: Buffer[] = [];
  let size = 0;
  await receive(response, (chunk) => {
    parts.push(chunk);
    size += chunk.length;
    return size <= MAX_PACKED;
  });
  if (!take(await unpack(Buffer.concat(parts)))) throw tooLarge();
}

function receive(response: IncomingMessage, take: (chunk: Buffer) => boolean): Promise<void> {
  const { req } = response as IncomingMessage & { readonly req: ClientRequest };
  return new Promise((resolve, reject) => {
    response.on("data", (chunk: Buffer) => {
      if (!take(chunk)) response.destroy(tooLarge());
    });
    response.on("end", () => {
      // The server answered before all was sent (413, a proxy's refusal) and will not read the rest.
      if (!req.writableFinished) req.destroy();
      resolve();
    });
    response.on("error", reject);
    // Follows "error" and "end"; comes alone if the connection ends in the middle.
    response.on("close", () => reject(new Error("connection closed in the middle of the answer")));
  });
}

function unpack(packed: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(packed, { maxOutputLength: MAX_UNPACKED, chunkSize: PIECE }, (error, plain) =>
      error === null ? resolve(plain) : reject(new Error(`answer cannot be unpacked: ${error.message}`)),
    );
  });
}

function tooLarge(): Error {
  return new Error("answer is larger than any bulk answer can be");
}

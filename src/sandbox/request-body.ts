// Reads request bodies into reused buffers. In the demo the sandbox shares a process with the agent, and 5 MB allocated and
// dropped per request would show as the agent's memory. Invariant: a buffer has one user at a time, and nobody reads it after its
// release.
import type { IncomingMessage } from "node:http";

const { gunzip } = process.getBuiltinModule("node:zlib");
const UNIT = 1024 * 1024;
const MAX_KEPT = 8;

export interface Body {
  readonly bytes: Buffer;
  release(): void;
}

export class BodyPool {
  private readonly free: Buffer[] = [];

  /** The whole body, unpacked. Rejects if the client disconnects before the end. */
  async read(request: IncomingMessage): Promise<Body> {
    const length = Number(request.headers["content-length"] ?? 0);
    let buffer = this.take(Math.max(length, UNIT / 16));
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (size + chunk.length > buffer.length) {
        const larger = this.take(2 * (size + chunk.length));
        buffer.copy(larger, 0, 0, size);
        this.give(buffer);
        buffer = larger;
      }
      chunk.copy(buffer, size);
      size += chunk.length;
    }
    const bytes = buffer.subarray(0, size);
    if (request.headers["content-encoding"] !== "gzip") return { bytes, release: () => this.give(buffer) };
    try {
      return { bytes: await unpack(bytes), release: () => {} };
    } finally {
      this.give(buffer);
    }
  }

  private take(length: number): Buffer {
    const at = this.free.findIndex((buffer) => buffer.length >= length);
    if (at >= 0) return this.free.splice(at, 1)[0] as Buffer;
    return Buffer.allocUnsafeSlow(Math.ceil(length / UNIT) * UNIT);
  }

  private give(buffer: Buffer): void {
    if (this.free.length < MAX_KEPT) this.free.push(buffer);
  }
}

function unpack(packed: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(packed, { chunkSize: 1024 * 1024 }, (error, plain) => (error === null ? resolve(plain) : reject(error)));
  });
}

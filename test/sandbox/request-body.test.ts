import assert from "node:assert/strict";
import { Readable } from "node:stream";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "../helpers/fc.ts";
import { BodyPool } from "../../src/sandbox/request-body.ts";

function request(parts: readonly Uint8Array[], headers: Record<string, string> = {}): IncomingMessage {
  return Object.assign(Readable.from(parts.map((part) => Buffer.from(part))), {
    headers,
  }) as unknown as IncomingMessage;
}

test("a body is whole, however it is cut and whoever used the buffer before", async () => {
  const pool = new BodyPool();
  const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 100_000, size: "max" }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(parts, fc.boolean(), fc.boolean(), async (pieces, named, packed) => {
      const whole = Buffer.concat(pieces);
      const sent = packed ? [gzipSync(whole)] : pieces;
      const length = sent.reduce((sum, piece) => sum + piece.length, 0);
      const body = await pool.read(
        request(sent, {
          ...(named ? { "content-length": String(length) } : {}),
          ...(packed ? { "content-encoding": "gzip" } : {}),
        }),
      );
      assert.ok(body.bytes.equals(whole));
      body.release();
    }),
    { numRuns: 50 },
  );
});

test("two bodies at a time have a buffer each", async () => {
  const pool = new BodyPool();
  const [one, two] = await Promise.all([
    pool.read(request([Buffer.from("one")])),
    pool.read(request([Buffer.from("two")])),
  ]);
  assert.deepEqual([one.bytes.toString(), two.bytes.toString()], ["one", "two"]);
});

test("what is no gzip fails", async () => {
  await assert.rejects(new BodyPool().read(request([Buffer.from("plain")], { "content-encoding": "gzip" })));
});

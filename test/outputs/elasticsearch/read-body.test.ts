import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readBody } from "../../../src/outputs/elasticsearch/read-body.ts";
import { listenRaw, onHead } from "../../helpers/raw-server.ts";

const http = process.getBuiltinModule("node:http");

/** Reads a response of these bytes, and stops once more than `enough` bytes have come. */
async function read(answer: Buffer, enough = Infinity): Promise<string> {
  await using server = await listenRaw((socket) => onHead(socket, () => socket.end(answer)));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    http.get(server.url, { agent: false }, resolve).on("error", reject);
  });
  let text = "";
  await readBody(response, (chunk) => {
    text += chunk.toString("latin1");
    return text.length <= enough;
  });
  return text;
}

function framed(body: Buffer, headers = "", length = body.length): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 X\r\ncontent-length: ${length}\r\n${headers}\r\n`), body]);
}

test("bytes come as they were sent, packed or not", async () => {
  const text = "0123456789".repeat(50_000);
  assert.equal(await read(framed(Buffer.from(text))), text);
  assert.equal(await read(framed(gzipSync(text), "content-encoding: gzip\r\n")), text);
  assert.equal(await read(framed(Buffer.alloc(0))), "");
});

test("who takes no more ends it, packed or not", async () => {
  const text = "0123456789".repeat(50_000);
  await assert.rejects(read(framed(Buffer.from(text)), 10), /larger/);
  await assert.rejects(read(framed(gzipSync(text), "content-encoding: gzip\r\n"), 10), /larger/);
});

test("a small answer that unpacks to far too much is refused", async () => {
  await assert.rejects(read(framed(gzipSync(Buffer.alloc(65 << 20)), "content-encoding: gzip\r\n")), /unpacked/);
});

test("an answer that ends before its length fails", async () => {
  await assert.rejects(read(framed(Buffer.from("abc"), "", 10)));
});

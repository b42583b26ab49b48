import assert from "node:assert/strict";
import { test } from "node:test";
import { askAgent } from "../../../src/cli/agent/ask-agent.ts";
import { listenRaw } from "../../helpers/raw-server.ts";

test("an answer is its status and its whole body", async () => {
  await using server = await listenRaw((socket) => {
    socket.end("HTTP/1.1 503 x\r\ncontent-length: 4\r\n\r\nhung");
  });
  assert.deepEqual(await askAgent({ host: "127.0.0.1", port: server.port }, "/healthz", 5000), {
    status: 503,
    body: "hung",
  });
});

test("who does not answer in time, or breaks off, is an error", async () => {
  await using silent = await listenRaw(() => {});
  await assert.rejects(askAgent({ host: "127.0.0.1", port: silent.port }, "/", 100), /no answer in time/);
  await using broken = await listenRaw((socket) => {
    socket.end("HTTP/1.1 200 x\r\ncontent-length: 400\r\n\r\nhalf");
  });
  await assert.rejects(askAgent({ host: "127.0.0.1", port: broken.port }, "/", 5000));
});

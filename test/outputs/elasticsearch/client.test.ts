// Faults of networks and servers during one request, over real sockets.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { ResponseBody } from "../../../src/outputs/elasticsearch/response-body.ts";
import { BulkClient } from "../../../src/outputs/elasticsearch/client.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { outputOptions } from "../../helpers/output-options.ts";
import { closedPort, httpAnswer, listenRaw, onHead } from "../../helpers/raw-server.ts";
import { STORED, client, closed, failureOf, never, send, shared } from "./sending.ts";

test("a body arrives as it is, with its length and its type", async () => {
  let head = "";
  let received = Buffer.alloc(0);
  await using server = await listenRaw((socket) => {
    socket.on("data", (data: Buffer) => {
      received = Buffer.concat([received, data]);
      const end = received.indexOf("\r\n\r\n");
      if (end < 0 || received.length < end + 4 + 300_000) return;
      head = received.toString("latin1", 0, end).toLowerCase();
      socket.write(httpAnswer(200, STORED));
    });
  });
  const through = client(server.url);
  const body = shared(300_000, "0123456789abcdef\n");
  const { status, text } = await send(through, body);
  assert.equal(status, 200);
  assert.equal(text, STORED);
  assert.match(head, /^post \/x\/_bulk\?a=b http\/1\.1/);
  assert.match(head, /content-type: application\/x-ndjson\r/);
  assert.match(head, /content-length: 300000/);
  assert.doesNotMatch(head, /compatible-with|x-elastic-client-meta/);
  assert.ok(received.subarray(received.indexOf("\r\n\r\n") + 4).equals(body));
  through.close();
});

test("no status is an error, and none is tried again", async () => {
  let requests = 0;
  await using server = await listenRaw((socket) => {
    socket.on("data", () => socket.write(httpAnswer([503, 429, 502, 401, 404][requests++] ?? 500, "{}")));
  });
  const through = client(server.url);
  for (const expected of [503, 429, 502, 401, 404])
    assert.equal((await send(through, Buffer.from("x\n"))).status, expected);
  assert.equal(requests, 5);
  through.close();
});

test("a refused connection: nobody was reached, and the host is named", async () => {
  const port = await closedPort();
  const error = await failureOf(send(client(`http://127.0.0.1:${port}`), Buffer.from("x\n")));
  assert.equal(error.reached, "nobody");
  assert.match(error.message, /ECONNREFUSED/);
  assert.ok(error.message.includes(`127.0.0.1:${port}`));
});

test("a name of two addresses, both refused, still says why", async () => {
  const port = await closedPort();
  const error = await failureOf(send(client(`http://localhost:${port}`), Buffer.from("x\n")));
  assert.match(error.message, /ECONNREFUSED/);
  assert.equal(error.reached, "nobody");
});

test("a connection reset in the middle of the body: perhaps something was reached", async () => {
  await using server = await listenRaw((socket) => {
    socket.once("data", () => socket.resetAndDestroy());
  });
  const started = performance.now();
  const error = await failureOf(send(client(server.url), shared(20_000_000, "x")));
  assert.equal(error.reached, "perhaps");
  // The client would take twenty seconds if it redacted its error.
  assert.ok(performance.now() - started < 2000);
});

test("a connection closed without an answer, or in the middle of one", async () => {
  await using mute = await listenRaw((socket) => onHead(socket, () => socket.end()));
  assert.equal((await failureOf(send(client(mute.url), Buffer.from("x\n")))).reached, "perhaps");
  await using half = await listenRaw((socket) =>
    onHead(socket, () => socket.end(httpAnswer(200, STORED).slice(0, -10))),
  );
  const error = await failureOf(send(client(half.url), Buffer.from("x\n")));
  assert.match(error.message, /in the middle of the answer|aborted/);
});

test("the time limit of one request ends no other", async () => {
  const asked: Socket[] = [];
  const arrivals = new EventEmitter();
  await using server = await listenRaw((socket) => {
    onHead(socket, () => {
      asked.push(socket);
      arrivals.emit("request");
    });
  });
  const clock = new ManualClock();
  const through = new BulkClient(outputOptions({ hosts: [server.url], timeout: 1000 }), clock);
  const hangs = failureOf(send(through, Buffer.from("x\n")));
  await once(arrivals, "request");
  for (let i = 0; i < 3; i++) clock.advance(250);
  const answered = send(through, Buffer.from("x\n"));
  await once(arrivals, "request");
  for (let i = 0; i < 3; i++) clock.advance(250);
  assert.match((await hangs).message, /no answer within 1 s/);
  asked[1]?.write(httpAnswer(200, STORED));
  assert.equal((await answered).status, 200);
  through.close();
});

test("a port that speaks no HTTP fails at once", async () => {
  await using server = await listenRaw((socket) => {
    socket.once("data", () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 70])));
  });
  assert.match(
    (await failureOf(send(client(server.url, 5000), Buffer.from("x\n")))).message,
    /Parse Error: Expected HTTP/,
  );
});

test("who gives up gets the signal's reason", async () => {
  await using server = await listenRaw(() => {});
  const control = new AbortController();
  const sending = send(client(server.url), Buffer.from("x\n"), control.signal);
  const reason = new Error("stopping");
  control.abort(reason);
  await assert.rejects(sending, reason);
  await assert.rejects(send(client(server.url), Buffer.from("x\n"), control.signal), reason);
});

/** Everything that arrives from now on, until the socket is closed. */
async function rest(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on("data", (data: Buffer) => parts.push(data));
  socket.resume();
  if (!socket.closed) await once(socket, "close");
  return Buffer.concat(parts);
}

test("after giving up nobody reads the body any more", async () => {
  let accepted: Socket | undefined;
  await using server = await listenRaw((socket) => {
    socket.once("data", () => socket.pause());
    accepted = socket;
  });
  const body = shared(32 << 20, "a");
  const control = new AbortController();
  const sending = send(client(server.url), body, control.signal);
  while (accepted?.isPaused() !== true) await new Promise((resolve) => setImmediate(resolve));
  control.abort(new Error("enough"));
  await assert.rejects(sending);
  body.fill("Z");
  const received = await rest(accepted);
  assert.ok(received.length < body.length);
  assert.ok(!received.includes("Z"));
});

test("after an answer that came before all was sent nobody reads the body any more", async () => {
  let accepted: Socket | undefined;
  await using server = await listenRaw((socket) => {
    accepted = socket;
    onHead(socket, () => {
      socket.pause();
      socket.write(httpAnswer(413, ""));
    });
  });
  const body = shared(32 << 20, "a");
  const through = client(server.url);
  assert.equal((await send(through, body)).status, 413);
  body.fill("Z");
  assert.ok(!(await rest(accepted as Socket)).includes("Z"));
  through.close();
});

test("an answer without end is cut off", async () => {
  await using server = await listenRaw((socket) => {
    onHead(socket, () => {
      socket.write("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n");
      const flood = (): void => {
        while (socket.writable && socket.write(`10000\r\n${" ".repeat(65536)}\r\n`));
      };
      socket.on("drain", flood);
      flood();
    });
  });
  const answer = new ResponseBody("create", 1);
  const through = client(server.url);
  const request = { method: "POST", path: "/_bulk", query: "", headers: {}, body: Buffer.from("x\n") } as const;
  const error = await failureOf(through.exchange({ ...request, take: (chunk) => answer.add(chunk) }, never));
  assert.match(error.message, /larger than any/);
  await closed(server.sockets);
});

test("an answer in gzip is unpacked; a broken one is no answer", async () => {
  const { gzipSync } = process.getBuiltinModule("node:zlib");
  const packed = gzipSync(STORED);
  let broken = false;
  await using server = await listenRaw((socket) => {
    socket.on("data", () => {
      const bytes = broken ? Buffer.alloc(packed.length, 7) : packed;
      socket.write(`HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`);
      socket.write(bytes);
    });
  });
  const through = client(server.url);
  assert.equal((await send(through, Buffer.from("x\n"))).text, STORED);
  broken = true;
  assert.match((await failureOf(send(through, Buffer.from("x\n")))).message, /cannot be unpacked/);
  through.close();
});

test("of several hosts one that is down fails once and is passed over then", async () => {
  await using server = await listenRaw((socket) => {
    socket.on("data", () => socket.write(httpAnswer(200, STORED)));
  });
  const down = `http://127.0.0.1:${await closedPort()}`;
  const through = client([down, server.url]);
  await failureOf(send(through, Buffer.from("x\n")));
  for (let i = 0; i < 5; i++) assert.equal((await send(through, Buffer.from("x\n"))).status, 200);
  through.close();
});

test("credentials go into the header, and into no error", async () => {
  let head = "";
  await using server = await listenRaw((socket) =>
    onHead(socket, (text) => {
      head = text;
      socket.resetAndDestroy();
    }),
  );
  const options = outputOptions({ hosts: [server.url.replace("//", "//joe:s3cret@")] });
  const error = await failureOf(send(new BulkClient(options, systemClock), Buffer.from("x\n")));
  assert.match(head, new RegExp(`authorization: Basic ${Buffer.from("joe:s3cret").toString("base64")}`, "i"));
  const { inspect } = process.getBuiltinModule("node:util");
  assert.doesNotMatch(inspect(error, { depth: 20 }), /s3cret|am9l/);
  await failureOf(
    send(new BulkClient({ ...options, hosts: [server.url], auth: { apiKey: "k3y" } }, systemClock), Buffer.from("x\n")),
  );
  assert.match(head, /authorization: ApiKey k3y/i);
});

// Timeouts of each step of a request, over real sockets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { BulkClient } from "../../../src/outputs/elasticsearch/client.ts";
import { outputOptions } from "../../helpers/output-options.ts";
import { fullListener, httpAnswer, listenRaw, onHead } from "../../helpers/raw-server.ts";
import { listening } from "../../pipeline/line.ts";
import { STORED, client, closed, failureOf, send, shared } from "./sending.ts";

test("an answer that stops in its middle is given up", async () => {
  await using server = await listenRaw((socket) => {
    onHead(socket, () => socket.write(httpAnswer(200, STORED).slice(0, -10)));
  });
  assert.match(
    (await failureOf(send(client(server.url, 150), Buffer.from("x\n")))).message,
    /the answer stops for 0\.15 s/,
  );
  await closed(server.sockets);
});

test("a host that accepts and never answers leaves the rotation, and is tried again by one request alone", async () => {
  const asked = { hangs: 0, answers: 0 };
  await using mute = await listenRaw((socket) => onHead(socket, () => asked.hangs++));
  await using works = await listenRaw((socket) => {
    socket.on("data", () => socket.write(httpAnswer(200, (asked.answers++, STORED))));
  });
  const through = client([mute.url, works.url], 200);
  const first = await Promise.allSettled([1, 2].map(() => send(through, Buffer.from("x\n"))));
  assert.deepEqual(first.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  for (let i = 0; i < 10; i++) await send(through, Buffer.from("x\n"));
  assert.deepEqual(asked, { hangs: 1, answers: 11 });
  await systemClock.sleep(1000);
  const then = await Promise.allSettled(Array.from({ length: 10 }, () => send(through, Buffer.from("x\n"))));
  assert.equal(then.filter(({ status }) => status === "rejected").length, 1);
  assert.equal(asked.hangs, 2);
  through.close();
});

test("an address behind which nobody is fails after the time for connecting, not after that for an answer", async () => {
  // The listener's backlog is full, so a further connection is neither accepted nor refused.
  await using full = await fullListener();
  const options = outputOptions({ hosts: [full.url], connectTimeout: 300, timeout: 60_000 });
  const started = performance.now();
  const error = await failureOf(send(new BulkClient(options, systemClock), Buffer.from("x\n")));
  assert.match(error.message, /no connection within 0\.3 s/);
  assert.equal(error.reached, "nobody");
  assert.ok(performance.now() - started < 5000);
});

test("a body of which nothing is taken any more is given up", async () => {
  await using server = await listenRaw((socket) => onHead(socket, () => socket.pause()));
  const error = await failureOf(send(client(server.url, 300), shared(64 << 20, "a")));
  assert.match(error.message, /nothing of the request is taken for 0\.3 s/);
});

test("an answer of which a byte comes now and then is given up after twice the time for its first", async () => {
  await using server = await listenRaw((socket) => {
    onHead(socket, () => {
      socket.write(httpAnswer(200, STORED.padEnd(1_000_000)).slice(0, -1_000_000));
      const timer = setInterval(() => socket.write(" "), 50);
      socket.on("close", () => clearInterval(timer));
    });
  });
  const error = await failureOf(send(client(server.url, 1000), Buffer.from("x\n")));
  assert.match(error.message, /the answer is not complete after 2 s/);
  await closed(server.sockets);
});

test("a host that begins each answer and ends none is out of the rotation until one is complete", async () => {
  const asked = { stops: 0, answers: 0 };
  let complete = false;
  await using stops = await listenRaw((socket) => {
    socket.on("data", () => {
      asked.stops++;
      socket.write(complete ? httpAnswer(200, STORED) : httpAnswer(200, STORED).slice(0, -10));
    });
  });
  await using works = await listenRaw((socket) => {
    socket.on("data", () => socket.write(httpAnswer(200, (asked.answers++, STORED))));
  });
  const { said, log } = listening();
  const options = outputOptions({ hosts: [stops.url, works.url], timeout: 1000 });
  const through = new BulkClient(options, systemClock, log);
  const ask = async (): Promise<string> => {
    await systemClock.sleep(5);
    return send(through, Buffer.from("x\n")).then(
      () => "",
      (error: Error) => error.message,
    );
  };
  // It is tried again after 1 s and after 2 s, with one request each time.
  for (let failures = 0; failures < 3;) if ((await ask()).includes("the answer stops")) failures++;
  const then = await Promise.all(Array.from({ length: 10 }, ask));
  assert.deepEqual([then.join(""), asked.stops], ["", 3]);
  const heard = (event: string): number => said.filter((line) => line.includes(event)).length;
  assert.deepEqual([heard("host_down"), heard("host_up")], [1, 0]);
  complete = true;
  while (heard("host_up") === 0) await ask();
  through.close();
});

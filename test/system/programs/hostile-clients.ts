// Malicious HTTP clients. They run in a thread of their own, so that they do not slow down the thread that measures. `workerData`
// says which kind: `pipeline` sends requests without end and reads no response, `slow` sends one byte of a request per second,
// `idle` sends nothing, `eager` reads every response and sends the next request at once. A client whose connection is closed
// connects again, at most 20 times a second.
import { type Socket, connect } from "node:net";
import { workerData } from "node:worker_threads";

interface Job {
  readonly port: number;
  readonly pipeline: number;
  readonly slow: number;
  readonly idle: number;
  readonly eager: number;
}

const REQUEST = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";
const MANY = REQUEST.repeat(2000);

const { port, pipeline, slow, idle, eager } = workerData as Job;
for (let i = 0; i < pipeline; i++) client((socket) => flood(socket));
for (let i = 0; i < slow; i++) client((socket) => drip(socket));
for (let i = 0; i < idle; i++) client(() => {});
for (let i = 0; i < eager; i++) client((socket) => devour(socket));

function client(act: (socket: Socket) => void): void {
  const socket = connect({ port, host: "127.0.0.1" }, () => act(socket));
  socket.pause();
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(() => client(act), 50));
}

/** Sends requests as fast as the socket accepts them. */
function flood(socket: Socket): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(MANY));
  };
  socket.on("drain", write);
  write();
}

/** Sends the next request after each response. A response counts as complete when nothing has come for 5 ms. */
function devour(socket: Socket): void {
  const ask = (): boolean => socket.write(REQUEST);
  let timer: NodeJS.Timeout | undefined;
  socket.on("data", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 5);
  });
  socket.on("close", () => clearTimeout(timer));
  socket.resume();
  ask();
}

function drip(socket: Socket): void {
  let at = 0;
  const timer = setInterval(() => socket.write(REQUEST[at++ % 20] as string), 1000);
  socket.on("close", () => clearInterval(timer));
}

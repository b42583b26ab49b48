// A TCP server of which a test controls every byte, for malformed responses.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly sockets: ReadonlySet<Socket>;
}

export async function listenRaw(serve: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A port on which no process listens. */
export async function closedPort(): Promise<number> {
  const server = await listenRaw(() => {});
  await server[Symbol.asyncDispose]();
  return server.port;
}

/** Calls `then` once, with the first request's line and headers, when they are complete. */
export function onHead(socket: Socket, then: (head: string) => void): void {
  let text = "";
  const read = (data: Buffer): void => {
    text += data.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    socket.off("data", read);
    then(text.slice(0, end));
  };
  socket.on("data", read);
}

export function httpAnswer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ "content-type": "application/json", ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`HTTP/1.1 ${status} X`, `content-length: ${Buffer.byteLength(body)}`, ...lines, "", body].join("\r\n");
}

/** A port whose connections are never accepted: the process is stopped, and its accept queue is full. */
export async function fullListener(): Promise<{ readonly url: string } & AsyncDisposable> {
  const program =
    "const s = require('net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))";
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGSTOP");
  const sockets = Array.from({ length: 4 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
  return {
    url: `http://127.0.0.1:${Number(port)}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

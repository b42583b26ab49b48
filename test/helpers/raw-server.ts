// A TCP server of which a test decides every byte: for answers that no decent server gives.
import { createServer } from "node:net";
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

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await listenRaw(() => {});
  await server[Symbol.asyncDispose]();
  return server.port;
}

/** Calls `then` with the head of each request once it is there. */
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

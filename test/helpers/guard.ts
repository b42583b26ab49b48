// A reverse proxy that demands an API key: requests without the key get a 401 and are not forwarded. It can hold requests back.
import { createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";

export class Guard {
  /** The key that requests must carry. Changeable at any time. */
  key: string;
  /** Bulk requests are forwarded only once this has resolved. */
  gate: Promise<void> = Promise.resolve();
  private readonly server;

  private constructor(onward: string, key: string) {
    this.key = key;
    this.server = createServer((request, response) => {
      if (request.headers.authorization !== `ApiKey ${this.key}`) {
        request.resume();
        return void response.writeHead(401, { "content-type": "application/json" }).end("{}");
      }
      const { method = "", headers } = request;
      const onwards = ask(`${onward}${request.url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode as number, answer.headers);
        answer.pipe(response);
      });
      onwards.on("error", () => response.destroy());
      // An agent that starts meanwhile still connects.
      const gate = request.url?.includes("_bulk") === true ? this.gate : Promise.resolve();
      void gate.then(() => request.pipe(onwards));
    });
  }

  static async start(onward: string, key: string): Promise<Guard> {
    const guard = new Guard(onward, key);
    await new Promise<void>((resolve) => guard.server.listen(0, "127.0.0.1", resolve));
    return guard;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

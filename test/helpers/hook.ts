// A webhook: an HTTP server that takes JSON by POST.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface Hook<T> extends AsyncDisposable {
  readonly url: string;
  /** The documents received so far. */
  readonly got: readonly T[];
}

export async function startHook<T>(): Promise<Hook<T>> {
  const got: T[] = [];
  const server = createServer((request, response) => {
    void json(request).then((document) => {
      got.push(document as T);
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

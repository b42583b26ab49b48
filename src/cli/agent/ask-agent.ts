// Sends one GET request to a running agent's admin endpoint, with a limit on time and on the size of the response.
import type { Listen } from "../../config/values/listen.ts";

const http = process.getBuiltinModule("node:http");

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const MAX_BODY = 64 * 1024 * 1024;

/** Rejects if the response is not complete within `ms`. */
export function askAgent(listen: Exclude<Listen, "off">, path: string, ms: number): Promise<Answer> {
  const where = "socket" in listen ? { socketPath: listen.socket, host: "localhost" } : listen;
  return new Promise((resolve, reject) => {
    const request = http.get({ ...where, path, agent: false, signal: AbortSignal.timeout(ms) }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BODY) request.destroy(new Error("the answer is too long"));
        chunks.push(chunk);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      response.on("error", reject);
    });
    request.on("error", (error: Error) => reject(error.name === "AbortError" ? new Error("no answer in time") : error));
  });
}

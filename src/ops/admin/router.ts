// Routes a request to its page, by exact path. Pages take GET and HEAD; the few that change something take POST. Pure, so every
// refusal can be tested without a socket.
import { hostAllowed } from "./host.ts";
import type { Request } from "./request.ts";

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** Added to the headers of every response, or replacing them. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Page extends PageRules {
  /** Pages of cost `none` are answered at once; the others are queued (turns.ts). */
  readonly cost: "none" | "some";
  answer(query: URLSearchParams, request: Request): Reply;
}

/** A response without an end: the client stays connected and is sent pieces. */
export interface StreamPage extends PageRules {
  readonly type: string;
  /** Call the result when the client has left. */
  stream(client: StreamClient): () => void;
}

export interface StreamClient {
  send(piece: string): void;
  /** Bytes that were sent but that the client has not taken. */
  readonly behind: number;
}

interface PageRules {
  /** If other hosts reach the endpoint, accepts any Host, because scrapers and probes use the names of services. */
  readonly anyHost?: true;
  /** GET if absent. A POST is accepted only from a page of the same origin. */
  readonly method?: "POST";
}

/** By path. */
export type Routes = ReadonlyMap<string, Page | StreamPage>;

export const TEXT = "text/plain; charset=utf-8";

export function text(status: number, sentence: string): Reply {
  return { status, type: TEXT, body: `${sentence}\n` };
}

export interface HostRules {
  /** Names allowed besides loopback names and IP literals. */
  readonly listed: readonly string[];
  /** Whether other hosts reach the endpoint. */
  readonly open: boolean;
}

/** The page for a request, or a refusal. */
export function route(request: Request, routes: Routes, hosts: HostRules): Page | StreamPage | Reply {
  const host = request.headers.get("host");
  const page = routes.get(pathOf(request));
  if (!hostAllowed(host, hosts.listed) && !(hosts.open && page?.anyHost)) {
    return text(403, "this Host name is not allowed; list it in `admin.hosts` if it is yours");
  }
  if (page === undefined) return text(404, `no such page; there are: ${[...routes.keys()].join(" ")}`);
  const allowed = page.method === "POST" ? ["POST"] : ["GET", "HEAD"];
  if (!allowed.includes(request.method)) {
    const allow = allowed.join(", ");
    return { ...text(405, `only ${allow} here`), headers: { allow } };
  }
  if (page.method === "POST" && request.headers.get("origin") !== `http://${host}`) {
    return text(403, "only the page of this server may ask for this");
  }
  return page;
}

export function pathOf({ target }: Request): string {
  return target.split("?", 1)[0] as string;
}

export function queryOf({ target }: Request): URLSearchParams {
  return new URLSearchParams(target.slice(pathOf({ target } as Request).length + 1));
}

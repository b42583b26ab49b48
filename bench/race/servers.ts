// The two servers that a race can run against: the sandbox in this process, which counts every line as it arrives, or an
// Elasticsearch, whose index is read back after each lap.
import { systemClock as clock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { LineStore, Tally, numberIn } from "./tally.ts";

const PAGE = 5000;

export interface Server {
  readonly url: URL;
  /** What the documents are sent to. */
  readonly about: string;
  /** Makes an empty index. */
  prepare(index: string, lines: number): Promise<void>;
  /** Documents stored since then; cheap enough to ask often. */
  stored(index: string): Promise<number>;
  /** Called after the shipper has ended. */
  tally(index: string): Promise<Tally>;
  stop(): Promise<void>;
}

export async function sandboxServer(): Promise<Server> {
  const store = new LineStore();
  const server = await startSandbox({ keep: store }, clock);
  return {
    url: new URL(server.url),
    about: "the sandbox",
    prepare: (_, lines) => {
      store.tally = new Tally(lines);
      return Promise.resolve();
    },
    stored: () => Promise.resolve(store.count()),
    tally: () => Promise.resolve(store.tally),
    stop: () => server.stop(),
  };
}

/** @param at such as http://127.0.0.1:9200; without TLS or a password, which not every configuration here has */
export async function elasticsearchServer(at: string): Promise<Server> {
  const url = new URL(at);
  const call = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const response = await fetch(new URL(path, url), {
      ...{ method, headers: { "content-type": "application/json" } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = (await response.json()) as Json;
    if (response.ok || (method === "DELETE" && response.status === 404)) return json;
    throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(json).slice(0, 300)}`);
  };
  const { version } = await call("GET", "/");
  let lines = 0;
  return {
    url,
    about: `Elasticsearch ${version?.number ?? ""} at ${url.origin}`,
    prepare: async (index, count) => {
      lines = count;
      await call("DELETE", `/${index}`);
      await call("PUT", `/${index}`, { settings: { number_of_shards: 1, number_of_replicas: 0 } });
    },
    // A count needs a refresh, which would cost the server far more than this counter.
    stored: async (index) => {
      const { _all: all } = await call("GET", `/${index}/_stats/indexing`);
      return all?.primaries.indexing.index_total ?? 0;
    },
    tally: async (index) => {
      const tally = new Tally(lines);
      await call("POST", `/${index}/_refresh`);
      let page = await call("POST", `/${index}/_search?scroll=1m`, { size: PAGE, sort: ["_doc"] });
      while (page.hits !== undefined && page.hits.hits.length > 0) {
        for (const { _source: document } of page.hits.hits) tally.add(numberIn(JSON.stringify(document)));
        page = await call("POST", "/_search/scroll", { scroll: "1m", scroll_id: page._scroll_id });
      }
      await call("DELETE", "/_search/scroll", { scroll_id: page._scroll_id });
      await call("DELETE", `/${index}`);
      return tally;
    },
    stop: () => Promise.resolve(),
  };
}

/** The parts of responses that are used here. */
interface Json {
  readonly version?: { readonly number: string };
  readonly _all?: { readonly primaries: { readonly indexing: { readonly index_total: number } } };
  readonly _scroll_id?: string;
  readonly hits?: { readonly hits: readonly { readonly _source: unknown }[] };
}

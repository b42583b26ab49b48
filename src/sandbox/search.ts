// Answers the requests besides _bulk: identity, count, search. Enough for tests and for exploring with curl.
import { errorJson } from "./reply.ts";
import type { Store, StoredDocument } from "./store.ts";

export interface Question {
  /** "" for all indices. */
  readonly index: string;
  /** The rest of the path. */
  readonly action: string;
  readonly body: string;
  readonly identity: string | undefined;
}

export interface Told {
  readonly status: number;
  readonly json: string;
}

export function lookUp(store: Store, { index, action, body, identity }: Question): Told {
  const shards = { total: 1, successful: 1, skipped: 0, failed: 0 };
  const within = index === "" ? undefined : index;
  switch (action) {
    case "":
      return within === undefined ? told(root(identity ?? "elasticsearch 8.19.0")) : told({ [index]: {} });
    case "_count":
      return told({ count: store.count(within), _shards: shards });
    case "_search":
      return search(store.documents(within), body);
    case "_index_template":
      return told({ index_templates: [] });
    case "_refresh":
      return told({ _shards: shards });
    case "_cluster/health":
      return told({ cluster_name: "sandbox", status: "green", timed_out: false });
    default:
      if (action.startsWith("_index_template/")) return told({ acknowledged: true, index_templates: [] });
      if (action.startsWith("_resolve/index/")) return resolve(store, action.slice("_resolve/index/".length));
      return {
        status: 400,
        json: errorJson(400, "illegal_argument_exception", `no handler found for uri [/${action}]`),
      };
  }
}

/** Every name with documents is an index. */
function resolve(store: Store, name: string): Told {
  const indices = store.count(decodeURIComponent(name)) > 0 ? [{ name, attributes: ["open"] }] : [];
  return told({ indices, aliases: [], data_streams: [] });
}

function told(json: unknown): Told {
  return { status: 200, json: JSON.stringify(json) };
}

function root(identity: string): unknown {
  const [name = "", number = ""] = identity.split(" ");
  const isOpenSearch = name === "opensearch";
  return {
    name: "sandbox",
    cluster_name: "sandbox",
    version: { number, ...(isOpenSearch ? { distribution: "opensearch" } : { build_flavor: "default" }) },
    tagline: isOpenSearch ? "The OpenSearch Project: https://opensearch.org/" : "You Know, for Search",
  };
}

/** `{"size": 10, "query": {"ids": {"values": [...]}}}`, both optional. */
function search(documents: readonly StoredDocument[], body: string): Told {
  let query: { size?: number; query?: { ids?: { values?: readonly string[] } } };
  try {
    query = body === "" ? {} : (JSON.parse(body) as typeof query);
  } catch {
    return { status: 400, json: errorJson(400, "parsing_exception", "the body is no JSON") };
  }
  const ids = query.query?.ids?.values;
  const wanted = ids === undefined ? undefined : new Set(ids);
  const found = wanted === undefined ? documents : documents.filter(({ id }) => wanted.has(id));
  const hits = found.slice(0, query.size ?? 10).map(({ index, id, source }) => ({
    _index: index,
    _id: id,
    _score: 1,
    _source: source,
  }));
  const total = { value: found.length, relation: "eq" };
  return told({ took: 1, timed_out: false, hits: { total, max_score: 1, hits } });
}

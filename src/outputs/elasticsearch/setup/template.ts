// The index template for the documents: ECS names with their ECS types, strings other than `message` as keywords, and members
// of JSON records that collide with our fields (below `json`) as one field. Invariant: no document causes a mapping conflict
// that this template could have avoided. `_doc_count` is left to the server.
import type { Config } from "../../../core/options.ts";

/** Name of the template, and of the lifecycle policy if there is one. */
export const NAME = "spillway";
/** Above the priority of Elasticsearch's own templates for logs-*-* (100). */
const PRIORITY = 200;

export interface TemplateOptions {
  readonly patterns: readonly string[];
  /** `create` writes to data streams. */
  readonly operation: "create" | "index";
  readonly isOpenSearch: boolean;
  /** In the server's format, `30d`; undefined: documents are kept for ever. */
  readonly retention: string | undefined;
  /** Whether the retention is set in the template itself or in a policy. */
  readonly lifecycle: "template" | "policy";
}

export function indexTemplate(options: TemplateOptions): Record<string, unknown> {
  const { patterns, operation, isOpenSearch, retention, lifecycle } = options;
  const policy = retention !== undefined && lifecycle === "policy";
  return {
    index_patterns: patterns,
    ...(operation === "create" ? { data_stream: {} } : {}),
    priority: PRIORITY,
    template: {
      ...(policy ? { settings: { "index.lifecycle.name": NAME } } : {}),
      mappings: mappings(isOpenSearch),
      ...(retention !== undefined && !policy ? { lifecycle: { data_retention: retention } } : {}),
    },
    _meta: { managed_by: "spillway" },
  };
}

const KEYWORD = { type: "keyword", ignore_above: 1024 };
const fields = (properties: Record<string, unknown>): Record<string, unknown> => ({ properties });

function mappings(isOpenSearch: boolean): Record<string, unknown> {
  return {
    // If a string of the first document looked like a date, the server would reject later ones that do not.
    date_detection: false,
    dynamic_templates: [{ texts: { match_mapping_type: "string", mapping: KEYWORD } }],
    properties: {
      "@timestamp": { type: "date" },
      message: { type: "text", norms: false },
      log: fields({
        file: fields({ path: KEYWORD }),
        offset: { type: "long" },
        level: KEYWORD,
        flags: KEYWORD,
      }),
      host: fields({ name: KEYWORD }),
      event: fields({ dataset: KEYWORD, ingested: { type: "date" } }),
      sample: fields({ rate: { type: "integer" } }),
      kubernetes: fields({ namespace: KEYWORD, pod: fields({ name: KEYWORD, uid: KEYWORD }) }),
      container: fields({ name: KEYWORD }),
      json: { type: isOpenSearch ? "flat_object" : "flattened" },
    },
  };
}

/** An index lifecycle policy: a new index each day or each 50 GB, deleted after the retention. */
export function lifecyclePolicy(retention: string): Record<string, unknown> {
  const rollover = { max_age: "1d", max_primary_shard_size: "50gb" };
  return {
    policy: {
      phases: {
        hot: { actions: { rollover } },
        delete: { min_age: retention, actions: { delete: {} } },
      },
    },
  };
}

/** Created if the configured ingest pipeline is missing: it records the arrival time. The user owns it from then on. */
export function ingestPipeline(): Record<string, unknown> {
  const set = { field: "event.ingested", value: "{{_ingest.timestamp}}" };
  return { description: "made by spillway setup", processors: [{ set }] };
}

/** The names of the indices that documents may go to, with `*` for parts that are known only later. */
export function patternsOf({ inputs, output }: Config): readonly string[] {
  const patterns = inputs.map(({ id, index }) =>
    (index ?? output.index)
      .replaceAll("{input}", id.toLowerCase())
      .replaceAll(/\{[^}]*\}/g, "*")
      .replaceAll(/\*+/g, "*"),
  );
  return [...new Set(patterns)];
}

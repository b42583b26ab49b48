// Renders the response to a bulk request, whole or filtered by `filter_path`. Invariant: the bytes are those that Elasticsearch
// sends for the same items, for the fields that the sandbox supports.
import type { BulkResult, Item } from "./bulk.ts";

/** The dotted paths of the fields to keep; undefined: all. */
export type Filter = ReadonlySet<string> | undefined;

export function parseFilter(filterPath: string | null): Filter {
  return filterPath === null ? undefined : new Set(filterPath.split(","));
}

const created = new Map<string, string>();

export function bulkResponse(result: BulkResult, index: string, filter: Filter): string {
  const { items, documents, operation } = result;
  const errors = items?.some((item) => item.status >= 400) ?? false;
  const parts: string[] = [];
  if (wants(filter, "errors")) parts.push(`"errors":${errors}`);
  if (wants(filter, "took")) parts.push(`"took":1`);
  const texts = items === undefined ? allCreated(operation, index, documents, filter) : join(items, filter);
  if (texts !== "") parts.push(`"items":[${texts}]`);
  return `{${parts.join()}}`;
}

function join(items: readonly Item[], filter: Filter): string {
  return items
    .map((item) => text(item, filter))
    .filter((one) => one !== "")
    .join();
}

/** Cached by the number of documents, because the text is the same each time. */
function allCreated(operation: "create" | "index", index: string, documents: number, filter: Filter): string {
  const one = text({ operation, index, id: "", status: 201 }, filter);
  if (one === "") return "";
  const key = `${one} ${documents}`;
  let all = created.get(key);
  if (all === undefined) {
    if (created.size >= 64) created.clear();
    all = `${one},`.repeat(documents).slice(0, -1);
    created.set(key, all);
  }
  return all;
}

function wants(filter: Filter, path: string): boolean {
  return filter === undefined || filter.has(path);
}

function text(item: Item, filter: Filter): string {
  const fields: string[] = [];
  const add = (name: string, json: string): void => {
    if (wants(filter, `items.*.${name}`)) fields.push(`"${name}":${json}`);
  };
  if (item.index !== "") add("_index", JSON.stringify(item.index));
  if (item.id !== "") add("_id", JSON.stringify(item.id));
  if (item.status < 300) {
    add("_version", "1");
    add("result", item.status === 201 ? `"created"` : `"updated"`);
  }
  add("status", String(item.status));
  const error = ERRORS[item.status];
  if (error !== undefined) {
    const details = Object.entries(error(item)).filter(
      ([name]) => filter === undefined || filter.has("items.*.error") || filter.has(`items.*.error.${name}`),
    );
    if (details.length > 0) fields.push(`"error":${JSON.stringify(Object.fromEntries(details))}`);
  }
  return fields.length === 0 ? "" : `{"${item.operation}":{${fields.join()}}}`;
}

const ERRORS: Readonly<Record<number, (item: Item) => { type: string; reason: string }>> = {
  400: () => ({
    type: "document_parsing_exception",
    reason: "[1:1] failed to parse field [message] of type [long] (sandbox)",
  }),
  409: ({ id }) => ({
    type: "version_conflict_engine_exception",
    reason: `[${id}]: version conflict, document already exists (current version [1])`,
  }),
  429: () => ({
    type: "es_rejected_execution_exception",
    reason: "rejected execution of primary operation (sandbox)",
  }),
};

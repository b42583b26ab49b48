// The indices that the configured inputs write to at present, without duplicates.
import type { Config } from "../../../core/options.ts";
import { indexName } from "../index-name.ts";

type Parts = Pick<Config, "inputs"> & { readonly output: Pick<Config["output"], "index"> };

/** @param atMs wall clock, for {date:...} */
export function targetNames({ inputs, output }: Parts, atMs: number): readonly string[] {
  const names = inputs.map(({ id, fields, index, policy }) => {
    const pattern = index ?? output.index;
    return indexName(pattern, { id: 0, input: id, path: "", host: "", fields, index: pattern, policy }, atMs);
  });
  return [...new Set(names)];
}

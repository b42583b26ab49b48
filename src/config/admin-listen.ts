// Reads only `admin.listen` of a configuration, whose other parts may be wrong or need secrets that the caller cannot read.
import type { Fault } from "./faults/fault.ts";
import { readLayers } from "./yaml/layers.ts";
import { type Listen, parseListen } from "./values/listen.ts";
import type { LoadOptions } from "./load.ts";
import { mergeLayers } from "./yaml/merge.ts";
import { parseSets } from "./yaml/set.ts";
import { Substitution } from "./yaml/substitute.ts";
import { find } from "./yaml/tree.ts";
import { parseYaml } from "./yaml/yaml.ts";

/** Undefined if no layer sets the option, or its value is invalid; the default applies then. */
export function listenOf({ files, set = [], env }: Omit<LoadOptions, "cwd">): Listen | undefined {
  const faults: Fault[] = [];
  const layers = readLayers(files, faults).map((source) => {
    return source.text === undefined ? undefined : parseYaml(source, faults);
  });
  const tree = mergeLayers([...layers.filter((layer) => layer !== undefined), ...parseSets(set).layers]);
  const listen = tree && find(tree, ["admin", "listen"]);
  if (listen?.kind !== "scalar") return undefined;
  const { value } = new Substitution(env).apply(listen);
  return value === false ? "off" : parseListen(String(value));
}

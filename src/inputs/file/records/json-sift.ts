// Members of a record beside those of a document: what can stand there, at the top or, out of an object that both have,
// with dots in its name; and what has to move below `json`, where its path stays the same.
import { LEVELS } from "../../../core/options.ts";
import { meaningOf, type Ours } from "./json-ours.ts";
import { isObject, isString, type Members } from "./json-tree.ts";

export interface Place {
  /** Those at the top of the record. */
  readonly members: Members;
  readonly kept: Members;
  /** What stands before a name: as it is written, and as it reads. */
  readonly key: string;
  readonly name: string;
}

/** Adds to `kept` what can stand in a document; returns the others, with the objects that they are in. */
export function sift(from: Members, ours: Ours, place: Place): Members {
  const moved: Members = new Map();
  for (const [name, member] of from) {
    const path = place.name + name;
    const meaning = meaningOf(path, ours);
    if (meaning === "inner" && isObject(member.value) && member.value.size > 0) {
      const rest = sift(member.value, ours, { ...place, key: `${place.key}${member.key}.`, name: `${path}.` });
      if (rest.size > 0) moved.set(name, { key: member.key, value: rest });
    } else if (meaning !== "free" || isTaken(path, place)) moved.set(name, member);
    else place.kept.set(path, { key: place.key + member.key, value: member.value });
  }
  return moved;
}

/** Whether a member that stands within another has its dotted name at the top already. */
function isTaken(path: string, { members, kept, name }: Place): boolean {
  return name !== "" && (members.has(path) || kept.has(path));
}

/** Own `log.level` is not said twice where it is the very word, and stays where no level is recognised. */
export function settleLevel(level: number, ours: Ours, moved: Members, kept: Members): void {
  const log = moved.get("log")?.value;
  const holders: readonly [Members | undefined, string][] = [
    [moved, "log.level"],
    [isObject(log) ? log : undefined, "level"],
  ];
  for (const [holder, name] of holders) {
    const own = holder?.get(name)?.value;
    if (holder === undefined || own === undefined || !isString(own)) continue;
    const stays = level < 0 && ours.level === "record" && !kept.has("log.level");
    if (stays) kept.set("log.level", { key: "log.level", value: own });
    if (!stays && own !== `"${LEVELS[level]}"`) continue;
    holder.delete(name);
    if (holder === log && log.size === 0) moved.delete("log");
  }
}

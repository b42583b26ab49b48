// Partitions a record's members. Kept are those that the document can take: at the top, or with a dotted name if they are in an
// object that the document has, too. The others move below `json`, under the same path.
import { LEVELS } from "../../../../core/options.ts";
import { meaningOf, type ReservedFields } from "./reserved-fields.ts";
import { isObject, isString, type Members, readObject, writeObject } from "./tree.ts";

export interface Place {
  /** The record's top-level members. */
  readonly members: Members;
  readonly kept: Members;
  /** Prefix of a member's name: as written, and unescaped. */
  readonly key: string;
  readonly name: string;
}

/** Adds the members that the document can take to `kept`. Returns the others, within their enclosing objects. */
export function partition(from: Members, reserved: ReservedFields, place: Place): Members {
  const moved: Members = new Map();
  for (const [name, member] of from) {
    const path = place.name + name;
    const meaning = meaningOf(path, reserved);
    if (meaning === "inner" && isObject(member.value) && member.value.size > 0) {
      const rest = partition(member.value, reserved, { ...place, key: `${place.key}${member.key}.`, name: `${path}.` });
      if (rest.size > 0) moved.set(name, { key: member.key, value: rest });
    } else if (meaning !== "free" || isTaken(path, place)) moved.set(name, member);
    else place.kept.set(path, { key: place.key + member.key, value: member.value });
  }
  return moved;
}

/** Whether the dotted name of a nested member already exists at the top. */
function isTaken(path: string, { members, kept, name }: Place): boolean {
  return name !== "" && (members.has(path) || kept.has(path));
}

/** The record's own `log.level` is left out if it is the very word of the level, and is kept if no level is recognised. */
export function settleLevel(level: number, reserved: ReservedFields, moved: Members, kept: Members): void {
  const log = moved.get("log")?.value;
  const holders: readonly [Members | undefined, string][] = [
    [moved, "log.level"],
    [isObject(log) ? log : undefined, "level"],
  ];
  for (const [holder, name] of holders) {
    const own = holder?.get(name)?.value;
    if (holder === undefined || own === undefined || !isString(own)) continue;
    const stays = level < 0 && reserved.level === "record" && !kept.has("log.level");
    if (stays) kept.set("log.level", { key: "log.level", value: own });
    if (!stays && own !== `"${LEVELS[level]}"`) continue;
    holder.delete(name);
    if (holder === log && log.size === 0) moved.delete("log");
  }
}

/** Members as JSON text, separated by commas. */
export interface Overlap {
  readonly kept: string;
  readonly moved: string;
}

export const NO_OVERLAP: Overlap = { kept: "", moved: "" };

/**
 * Partitions members whose objects the document has, too.
 * @param text these members, as JSON text
 * @param level the record's level
 * @param dotted whether the record has a top-level member `log.level`
 */
export function overlap(
  text: string,
  reserved: ReservedFields,
  level: number,
  dotted: "log.level" | "elsewhere",
): Overlap {
  const members: Members = readObject(`{${text}}`) ?? new Map();
  const kept: Members = new Map();
  // The kernel has checked that no dotted name at the top of the record conflicts with these members.
  const moved = partition(members, reserved, { members: new Map(), kept, key: "", name: "" });
  // If a dotted and a nested level are both unknown, the dotted one stays.
  if (level >= 0 || dotted === "elsewhere") settleLevel(level, reserved, moved, kept);
  return { kept: inside(kept), moved: inside(moved) };
}

function inside(members: Members): string {
  return writeObject(members).slice(1, -1);
}

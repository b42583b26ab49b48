// Objects that a record and its document both have, in a record that the kernel calls sound: only these are read as trees.
import type { Ours } from "./json-ours.ts";
import { settleLevel, sift } from "./json-sift.ts";
import { type Members, readObject, writeObject } from "./json-tree.ts";

/** Members as text, one behind the other. */
export interface Shared {
  readonly kept: string;
  readonly moved: string;
}

export const NOTHING_SHARED: Shared = { kept: "", moved: "" };

/**
 * @param text the members whose values are these objects
 * @param level of the record
 * @param dotted whether the record has a member `log.level` at its top
 */
export function share(text: string, ours: Ours, level: number, dotted: "log.level" | "elsewhere"): Shared {
  const members: Members = readObject(`{${text}}`) ?? new Map();
  const kept: Members = new Map();
  // No dotted name at the top of the record is one of theirs: the kernel has seen to that.
  const moved = sift(members, ours, { members: new Map(), kept, key: "", name: "" });
  // Of two that say an unknown level the dotted one stays.
  if (level >= 0 || dotted === "elsewhere") settleLevel(level, ours, moved, kept);
  return { kept: inside(kept), moved: inside(moved) };
}

function inside(members: Members): string {
  return writeObject(members).slice(1, -1);
}

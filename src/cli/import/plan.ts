// Plans an import before anything is written: which sources are created, which stay as they are, which entries are left out,
// and which files have no entry. Invariants: an input gets one source per file; a source of which spillway has already read
// something is not moved.
import type { FirstStart } from "../../buffer/spool/spool.ts";
import type { FileInputOptions } from "../../core/options.ts";
import type { KnownSource } from "../../core/source.ts";
import { inodeKey } from "../../inputs/file/identity/fingerprint.ts";
import { oldUntil } from "../../inputs/file/discovery/first-start.ts";
import { adopt } from "./adopt.ts";
import { type Entry, type Left, type Reading, leave } from "./entry.ts";
import type { Finder, Reader } from "./find.ts";
import type { Scope, Seen } from "./scope.ts";

export interface Taken {
  readonly entry: Entry;
  readonly source: KnownSource;
  /** The current path of the file. */
  readonly path: string;
  readonly size: number;
  /** new: the source was unknown. moved: it was known but nothing was read yet. kept: the known source stays as it is. */
  readonly how: "new" | "moved" | "kept";
}

/** A file that an input reads and that has no entry. */
export interface Fresh {
  readonly input: string;
  readonly path: string;
  readonly size: number;
  readonly begins: "beginning" | "end" | "never";
}

export interface Plan {
  readonly taken: readonly Taken[];
  readonly left: readonly Left[];
  readonly fresh: readonly Fresh[];
  /** Unreadable directories; their files are in none of these lists. */
  readonly unreadable: readonly string[];
}

interface Claim {
  readonly entry: Entry;
  readonly file: Seen;
  readonly reader: Reader;
}

export interface PlanParts {
  readonly reading: Reading;
  readonly inputs: readonly FileInputOptions[];
  readonly scope: Scope;
  readonly finder: Finder;
  /** Sources in the state database. */
  readonly known: readonly KnownSource[];
  /** When each input started for the first time. */
  readonly starts: readonly FirstStart[];
  /** Wall clock. */
  readonly nowMs: number;
}

export function plan(parts: PlanParts): Plan {
  const { reading, finder, known } = parts;
  const left = [...reading.left];
  const claims: Claim[] = [];
  finder.prepare(reading.entries);
  for (const entry of reading.entries) {
    const finding = finder.find(entry);
    if ("left" in finding) left.push(finding.left);
    else for (const reader of finding.found.readers) claims.push({ entry, file: finding.found.file, reader });
  }
  const knownByKey = Map.groupBy(known, keyOf);
  const taken: Taken[] = [];
  for (const [key, group] of Map.groupBy(claims, ({ file, reader }) => keyFor(reader.input.id, file.stats))) {
    const byStream = Map.groupBy(group.sort(byRank), ({ entry }) => entry.stream);
    const best = [...byStream.values()].map(([one]) => one as Claim);
    const [first, ...others] = best as [Claim, ...Claim[]];
    const joined: [Claim, ...Claim[]] = first.entry.stream === undefined ? [first] : [first, ...others];
    for (const claim of group) if (!joined.includes(claim)) left.push(secondOf(claim, first));
    const made = take(joined, knownByKey.get(key) ?? []);
    if ("source" in made) taken.push(made);
    else left.push(...made);
  }
  return { taken, left, fresh: freshFiles(parts, taken), unreadable: parts.scope.unreadable };
}

/** Prefers the entry of an input with the same name, then the smallest offset, so that nothing is missed. */
function byRank(a: Claim, b: Claim): number {
  const own = ({ entry, reader }: Claim): number => (entry.input === reader.input.id ? 0 : 1);
  return own(a) - own(b) || a.entry.offset - b.entry.offset;
}

function secondOf({ entry }: Claim, { entry: first }: Claim): Left {
  return leave(entry, "second-entry", `${first.name} is of the same file, and goes first`);
}

/** @param claims the claims of one file: a single one, or one per stream */
function take(claims: readonly [Claim, ...Claim[]], known: readonly KnownSource[]): Taken | readonly Left[] {
  const [{ entry, file, reader }] = claims;
  const offsets = new Map(claims.map((one) => [one.entry.stream ?? "", one.entry.offset]));
  const adoption = adopt({ entry, file, reader, offsets, known });
  if ("reason" in adoption) return claims.map((one) => leave(one.entry, adoption.reason, adoption.message));
  const { source, size, own } = adoption;
  const facts = { entry, path: reader.now, size };
  if (own === undefined) return { ...facts, source, how: "new" };
  const isRead = own.checkpoint > own.origin;
  if (isRead || own.checkpoint === source.checkpoint) return { ...facts, source: own, how: "kept" };
  return { ...facts, source: { ...source, id: own.id }, how: "moved" };
}

function freshFiles({ inputs, scope, known, starts, nowMs }: PlanParts, taken: readonly Taken[]): readonly Fresh[] {
  const sources = [...known, ...taken.map(({ source }) => source)];
  const keys = new Set(sources.map(keyOf));
  const fresh: Fresh[] = [];
  for (const input of inputs) {
    const started = starts.find((start) => start.input === input.id)?.atMs;
    const isKnown = sources.some((source) => source.input === input.id);
    const until = oldUntil(input.start, started ?? (isKnown ? 0 : undefined), nowMs);
    for (const { path, stats } of scope.files.filter((file) => file.inputs.includes(input))) {
      const key = keyFor(input.id, stats);
      if (stats.size === 0n || keys.has(key)) continue;
      keys.add(key);
      const isIgnored = input.ignoreOlder > 0 && nowMs - Number(stats.mtimeMs) > input.ignoreOlder;
      const begins = isIgnored ? "never" : Number(stats.ctimeMs) < until ? "end" : "beginning";
      fresh.push({ input: input.id, path, size: Number(stats.size), begins });
    }
  }
  return fresh;
}

function keyFor(input: string, stats: Seen["stats"]): string {
  return `${input} ${inodeKey({ inode: stats.ino.toString(), birthNs: stats.birthtimeNs.toString() })}`;
}

function keyOf({ input, identity }: KnownSource): string {
  return `${input} ${inodeKey(identity)}`;
}

// What another agent's state says, in the words of all three: an entry is one file and how far it was shipped. Parsers
// make entries from bytes and rows and look at no log; what an entry means on the disk is decided later.

/** How the other agent recognises the file. */
export type Recognised =
  /** device: undefined where it keeps none. seenMs: a file that was made later is another one. */
  | { readonly by: "inode"; readonly inode: string; readonly device: string | undefined; readonly seenMs: number }
  | { readonly by: "path"; readonly seenMs: number }
  /** Hexadecimal, of the first bytes; of how many is a setting of that agent, and not in its state. */
  | { readonly by: "sha256"; readonly hash: string }
  /** The first bytes themselves. */
  | { readonly by: "head"; readonly head: Buffer }
  /** CRC-64 of the first lines; of how many is a setting of that agent, and not in its state. */
  | { readonly by: "lines"; readonly crc: bigint };

export interface Entry {
  /** As the other agent calls it: a key, a row, a fingerprint. */
  readonly name: string;
  /** Of the other agent's input; undefined where it keeps none. */
  readonly input: string | undefined;
  /** Where it saw the file last; undefined where it keeps no paths. */
  readonly path: string | undefined;
  readonly recognised: Recognised;
  /** Where an agent reads a container's log once per stream: the offset is of this one's lines alone. */
  readonly stream?: string | undefined;
  /** Everything before was shipped. */
  readonly offset: number;
  /** XXH3 of the 32 bytes before the offset, of an agent that keeps it: a file may have been truncated and written anew. */
  readonly before?: bigint | undefined;
}

/** Why an entry is not taken over. The names are in the JSON document and in docs/migrate.md, and stay. */
export type Reason =
  | "gone"
  | "other-file"
  | "truncated"
  | "compressed"
  | "unreadable"
  | "no-input"
  | "excluded"
  | "ambiguous"
  | "second-entry"
  | "given-up"
  | "unsupported";

export interface Left {
  readonly name: string;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly reason: Reason;
  /** A sentence without a full stop. */
  readonly message: string;
}

/** A part of the state that cannot be read: the rest is. */
export interface Fault {
  readonly file: string;
  /** From 1; undefined where it has no lines. */
  readonly line: number | undefined;
  readonly message: string;
}

/** All that a state says. */
export interface Reading {
  /** The files that it was read from. */
  readonly files: readonly string[];
  /** Files that the other agent has locked while it runs. */
  readonly locks: readonly string[];
  readonly entries: readonly Entry[];
  readonly left: readonly Left[];
  readonly faults: readonly Fault[];
}

/** No start of a file is older: "seen" of an entry that says no time. */
export const NEVER = Infinity;

export function leave(entry: Entry, reason: Reason, message: string): Left {
  return { name: entry.name, path: entry.path, offset: entry.offset, reason, message };
}

export function merge(readings: readonly Reading[]): Reading {
  return {
    files: readings.flatMap(({ files }) => files),
    locks: readings.flatMap(({ locks }) => locks),
    entries: readings.flatMap(({ entries }) => entries),
    left: readings.flatMap(({ left }) => left),
    faults: readings.flatMap(({ faults }) => faults),
  };
}

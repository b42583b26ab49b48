// The common form of the three other agents' states: an entry is a file and the offset up to which it was shipped. The parsers
// create entries from the state alone and do not read log files. Entries are matched to files on disk later.

/** How the other agent identifies the file. */
export type Recognised =
  /** device: undefined if the agent does not store it. seenMs: a file created later is a different file. */
  | { readonly by: "inode"; readonly inode: string; readonly device: string | undefined; readonly seenMs: number }
  | { readonly by: "path"; readonly seenMs: number }
  /** Hex hash of the first bytes. How many is a setting of the agent that its state does not contain. */
  | { readonly by: "sha256"; readonly hash: string }
  /** The first bytes of the file. */
  | { readonly by: "head"; readonly head: Buffer }
  /** CRC-64 of the first lines. How many is a setting of the agent that its state does not contain. */
  | { readonly by: "lines"; readonly crc: bigint };

export interface Entry {
  /** The entry's name in the other agent's state: a key, a row or a fingerprint. */
  readonly name: string;
  /** The other agent's input; undefined if its state does not contain it. */
  readonly input: string | undefined;
  /** The last path at which the agent saw the file; undefined if its state contains no paths. */
  readonly path: string | undefined;
  readonly recognised: Recognised;
  /** Set if the agent reads a container's log once per stream; the offset then counts for the lines of this stream only. */
  readonly stream?: string | undefined;
  /** Everything before this offset was shipped. */
  readonly offset: number;
  /** XXH3 of the 32 bytes before the offset, if the agent stores it; detects a file that was truncated and rewritten. */
  readonly before?: bigint | undefined;
}

/** Why an entry is not taken over. The names are part of the JSON output and of docs/migrate.md, so they must not change. */
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

/** A part of the state that cannot be parsed; the rest is used. */
export interface Fault {
  readonly file: string;
  /** Line number from 1; undefined if the file has no lines. */
  readonly line: number | undefined;
  readonly message: string;
}

/** The content of another agent's state. */
export interface Reading {
  /** The files from which the state was read. */
  readonly files: readonly string[];
  /** Files that the other agent locks while it runs. */
  readonly locks: readonly string[];
  readonly entries: readonly Entry[];
  readonly left: readonly Left[];
  readonly faults: readonly Fault[];
}

/** The `seenMs` of an entry without a time: no file counts as created later. */
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

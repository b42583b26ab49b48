// Parses an entry of Filebeat's registry from its key and value. The inputs log, container and docker write one format,
// filestream another. Entries of other inputs (journald, winlog, httpjson) are not about files and are skipped.
import type { Entry, Left, Reason, Recognised } from "./entry.ts";
import { NEVER } from "./entry.ts";
import { type Json, isObject, wholeNumber, wholeText } from "./exact-json.ts";

export type Meaning =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "left"; readonly left: Left }
  | { readonly kind: "no file" };

const LOGS = "filebeat::logs::";
const STREAM = "filestream::";
/** The values of filestream's file_identity. */
const IDENTIFIERS = ["native", "path", "inode_marker", "fingerprint", "growing_fingerprint"] as const;
/**
 * The ttl by which Filebeat marks an entry for removal because the file is gone. If the path is a symlink, the file may only
 * have been rotated and be half read. An entry identified by path alone cannot tell that file from its successor.
 */
const GIVEN_UP = 0;

export function entryOf(key: string, value: Json): Meaning {
  const isStream = key.startsWith(STREAM);
  if (!isStream && !key.startsWith(LOGS)) return { kind: "no file" };
  const facts = isStream ? streamFacts(key, value) : logFacts(key, value);
  const { path, offset } = facts;
  const left = (reason: Reason, message: string): Meaning => {
    return { kind: "left", left: { name: key, path, offset, reason, message } };
  };
  if (path === undefined) return left("unsupported", "it has no absolute path");
  if (offset === undefined) return left("unsupported", "its offset is no whole number of bytes");
  if (typeof facts.recognised === "string") return left("unsupported", facts.recognised);
  const { input, recognised, stream } = facts;
  if (value["ttl"] === GIVEN_UP && recognised.by === "path")
    return left("given-up", "filebeat has marked it for removal: it saw the file go");
  return { kind: "entry", entry: { name: key, input, path, recognised, stream, offset } };
}

interface Facts {
  readonly input: string | undefined;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly stream: string | undefined;
  /** Or a sentence that says why the file cannot be identified. */
  readonly recognised: Recognised | string;
}

function logFacts(key: string, value: Json): Facts {
  const os = isObject(value["FileStateOS"]) ? value["FileStateOS"] : {};
  const name = value["identifier_name"] ?? "native";
  const facts = {
    input: undefined,
    path: pathOf(value["source"]),
    offset: wholeNumber(value["offset"]),
    stream: isObject(value["meta"]) ? textOf(value["meta"]["stream"]) : undefined,
  };
  const seenMs = timeOf(value["timestamp"]);
  const [, keyInode, keyDevice] = /native::(\d{1,20})-(\d{1,20})$/.exec(key) ?? [];
  const [inode, device] = [keyInode ?? wholeText(os["inode"]), keyDevice ?? wholeText(os["device"])];
  if (name === "path") return { ...facts, recognised: { by: "path", seenMs } };
  if (inode === undefined || inode === "0") return { ...facts, recognised: "it has no inode, as on Windows" };
  // With inode_marker a marker file replaces the device, for file systems whose device number changes.
  const known = name === "inode_marker" ? undefined : device;
  return { ...facts, recognised: { by: "inode", inode, device: known, seenMs } };
}

function streamFacts(key: string, value: Json): Facts {
  const meta = isObject(value["meta"]) ? value["meta"] : {};
  const cursor = value["cursor"];
  const { input, name, rest } = splitKey(key, textOf(meta["identifier_name"]));
  const path = pathOf(meta["source"]) ?? (name === "path" ? pathOf(rest) : undefined);
  // Without a cursor, Filebeat knows the file but has shipped nothing of it.
  const offset = cursor === null || cursor === undefined ? 0 : wholeNumber((cursor as Json)["offset"]);
  const stream = name === "path" ? undefined : /-(stdout|stderr)$/.exec(rest)?.[1];
  const head = textOf(meta["fingerprint"]);
  const recognised = head === undefined ? streamIdentity(name, rest, timeOf(value["updated"])) : byHead(head);
  return { input, path, offset, stream, recognised: recognised ?? unknownIdentity(name) };
}

/** Splits a key `filestream::ID::IDENTIFIER::WHAT`; the ID may contain colons. */
function splitKey(key: string, named: string | undefined): { input: string; name: string; rest: string } {
  const body = key.slice(STREAM.length);
  for (const name of named === undefined ? IDENTIFIERS : [named]) {
    const at = body.indexOf(`::${name}::`);
    if (at >= 0) return { input: body.slice(0, at), name, rest: body.slice(at + name.length + 4) };
  }
  return { input: body, name: named ?? "unknown", rest: "" };
}

function streamIdentity(name: string, rest: string, seenMs: number): Recognised | undefined {
  if (name === "path") return { by: "path", seenMs };
  if (name === "native") {
    const [, inode, device] = /^(\d{1,20})-(\d{1,20})/.exec(rest) ?? [];
    if (inode !== undefined) return { by: "inode", inode, device, seenMs };
  } else if (name === "inode_marker") {
    const [, inode] = /^(\d{1,20})-/.exec(rest) ?? [];
    if (inode !== undefined) return { by: "inode", inode, device: undefined, seenMs };
  } else if (name === "fingerprint") {
    const [hash] = /^[0-9a-f]{64}(?![0-9a-f])/.exec(rest) ?? [];
    if (hash !== undefined) return { by: "sha256", hash };
  } else if (name === "growing_fingerprint") {
    return byHead(rest);
  }
  return undefined;
}

/** The first bytes in hex, which some versions store for files shorter than the fingerprint length. */
function byHead(text: string): Recognised | undefined {
  const [hex = ""] = /^(?:[0-9a-f]{2})+/.exec(text) ?? [];
  return hex === "" ? undefined : { by: "head", head: Buffer.from(hex, "hex") };
}

function unknownIdentity(name: string): string {
  return `its file_identity ${name} is not known here, or not in this form`;
}

function pathOf(value: unknown): string | undefined {
  return typeof value === "string" && value.startsWith("/") ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Parses [NANOSECONDS, SECONDS], or RFC 3339 in older registries, to milliseconds, rounded up. */
function timeOf(value: unknown): number {
  if (typeof value === "string") return Number.isNaN(Date.parse(value)) ? NEVER : Date.parse(value) + 1;
  const seconds = Array.isArray(value) ? wholeNumber(value[1]) : undefined;
  // An unset time is stored as year 1, which arrives here as no whole number or as an enormous one.
  return seconds === undefined || seconds === 0 || seconds > 1e11 ? NEVER : (seconds + 1) * 1000;
}

// The field paths that a document uses for its own values, serialised once per input for the kernel (assembly/json-names.ts):
//
//   a filter of 1024 bits | length of the timestamp's path, u32 | that path, 256 bytes | number of paths, u32 |
//   each path: its length, u16, and its bytes
import { NAMES_BYTES } from "./layout.ts";

const FILTER_BYTES = 128;
const FIELD_BYTES = 256;
const FIELD = FILTER_BYTES + 4;
const PATHS = FIELD + FIELD_BYTES;
const MULTIPLIER = 0x9e3779b97f4a7c15n;

/** The bytes for NAMES of layout.ts; undefined when they would need more room than NAMES has. */
export type Names = Uint8Array | undefined;

/**
 * @param paths of the document's own values, as dotted names
 * @param field the path of a record's timestamp; empty: the kernel looks for none
 */
export function namesOf(paths: readonly string[], field: string): Names {
  const texts = paths.map((path) => Buffer.from(path));
  const fieldText = Buffer.from(field);
  const bytes = Buffer.alloc(texts.reduce((sum, text) => sum + 2 + text.length, PATHS + 4));
  if (bytes.length > NAMES_BYTES || fieldText.length > FIELD_BYTES) return undefined;
  for (const path of paths) {
    const bit = bitOf(path);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));
  }
  bytes.writeUInt32LE(fieldText.length, FILTER_BYTES);
  fieldText.copy(bytes, FIELD);
  bytes.writeUInt32LE(texts.length, PATHS);
  let at = PATHS + 4;
  for (const text of texts) {
    at = bytes.writeUInt16LE(text.length, at);
    at += text.copy(bytes, at);
  }
  return bytes;
}

/** The filter bit of a path: a hash of the first 8 bytes of its first part. */
function bitOf(path: string): number {
  const word = Buffer.alloc(8);
  word.write(path.split(".")[0] ?? "");
  return Number(BigInt.asUintN(64, word.readBigUInt64LE() * MULTIPLIER) >> 54n);
}

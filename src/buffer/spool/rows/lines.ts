// Counts the records in the bytes of a chunk without a record table.
import { HEAD, type Head } from "./heads.ts";

const LF = 10;
const CR = 13;

/** Each line that is not empty is a record, as in records.ts. The last line may lack its line feed. */
export function countRecords(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bytes.length;) {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf;
    if (end > at + 1 || (end === at + 1 && bytes[at] !== CR)) count++;
    at = end + 1;
  }
  return count;
}

/** Whether a chunk that was copied into the arena has as many records as its head says. A flipped bit there is not noticed else. */
export function hasItsRecords(arena: Uint8Array, head: Head): boolean {
  if ((head[HEAD.tableLength] as number) > 0) return true;
  const [from, length] = [head[HEAD.data], head[HEAD.length]] as [number, number];
  return countRecords(arena.subarray(from, from + length)) === head[HEAD.records];
}

// Encodes the records of a chunk with a table as bulk documents. Works like encode.ts, but the table gives each record's end, its
// position in the source, its time, its weight and its kind: a message or a JSON object. An object's members are copied in place
// of `message`.
import { decimal, width } from "./decimal";
import { escape, targetEnd } from "./escape";
import { EncodeJob } from "./job";
import { errorLength, writeError } from "./error-member";
import { levelLength, writeLevel } from "./level-member";
import { copy } from "./memory";
import { Entry, ENTRY_BYTES, kindOf, levelOfEntry, OBJECT, weightOf } from "./table";
import { hasTime, TIME_BYTES, writeTime } from "./time";
import { WHOLE } from "./unit";

/** ,"_doc_count": */
const COUNT_NAME: usize = memory.data<u8>([44, 34, 95, 100, 111, 99, 95, 99, 111, 117, 110, 116, 34, 58]);
const COUNT_NAME_LENGTH: usize = 14;
/** ,"sample":{"rate": */
const RATE_NAME: usize = memory.data<u8>([
  44, 34, 115, 97, 109, 112, 108, 101, 34, 58, 123, 34, 114, 97, 116, 101, 34, 58,
]);
const RATE_NAME_LENGTH: usize = 18;

/** Bytes that a weight above 1 adds to a document: both names, both numbers and a brace. */
// @ts-ignore: decorator
@inline
function weightLength(weight: u32): usize {
  return weight > 1 ? COUNT_NAME_LENGTH + RATE_NAME_LENGTH + 1 + 2 * width(weight) : 0;
}

function writeWeight(d: usize, weight: u32): usize {
  const digits = width(weight);
  d = decimal(copy(d, COUNT_NAME, COUNT_NAME_LENGTH), weight, digits);
  d = decimal(copy(d, RATE_NAME, RATE_NAME_LENGTH), weight, digits);
  store<u8>(d, 125);
  return d + 1;
}

/** Writes the quote that ends the time, then a comma and the members of the object [s, stop). Returns the end; 0: no room. */
function writeMembers(s: usize, stop: usize, d: usize, limit: usize): usize {
  const length = stop - s - 2;
  if (d + 2 + length > limit) return 0;
  store<u16>(d, 0x2c22); // ",
  return length == 0 ? d + 1 : copy(d + 2, s + 1, length);
}

/** Writes `lead`, then the record as the inside of a JSON string. Returns the end; 0: no room below `limit`. */
function writeMessage(lead: usize, length: usize, s: usize, stop: usize, d: usize, limit: usize): usize {
  if (d + length > limit) return 0;
  const ends = escape(s, stop, copy(d, lead, length), limit, WHOLE);
  return ends == 0 ? 0 : targetEnd(ends);
}

/** Writes the document of the record at `s`. Returns its end, or 0 when the document does not fit below `limit`. */
function document(job: EncodeJob, entry: Entry, s: usize, d: usize, limit: usize): usize {
  const kind = kindOf(entry);
  const weight = weightOf(entry);
  const stop = job.src + entry.end;
  const offset = u64(job.base) + u64(entry.start);
  const digits = width(offset);
  const middle = job.template + job.head;
  const time = middle + job.middle;
  const lead = time + job.time;
  const path = lead + job.lead;
  const other = path + job.path;
  const close = other + job.level;
  const ending = job.path + digits + job.close + weightLength(weight) + errorLength(kind) + job.tail;
  const timed = hasTime(entry.time);
  const opening = job.head + (job.middle != 0 ? digits + job.middle : 0) + (timed ? TIME_BYTES : job.time);
  if (d + opening > limit) return 0;
  d = copy(d, job.template, job.head);
  if (job.middle != 0) d = copy(decimal(d, offset, digits), middle, job.middle);
  d = timed ? writeTime(d, entry.time) : copy(d, time, job.time);
  d =
    kind == OBJECT
      ? writeMembers(s, stop, d, limit)
      : writeMessage(lead, job.lead, s, stop, d, limit - ending);
  if (d == 0) return 0;
  // The first byte of `path` is the quote that ends a message. After an object it is left out.
  const skipped: usize = kind == OBJECT ? 1 : 0;
  const level = levelOfEntry(entry, s, stop);
  if (d - skipped + ending + levelLength(level, job.level) > limit) return 0;
  d = copy(d, path + skipped, job.path - skipped);
  d = writeLevel(decimal(d, offset, digits), level, other, job.level);
  d = copy(d, close, job.close);
  if (weight > 1) d = writeWeight(d, weight);
  if (kind > OBJECT) d = writeError(d, kind);
  return copy(d, close + job.close, job.tail);
}

export function encodeTable(job: EncodeJob): void {
  const limit = job.dst + job.capacity;
  const first = job.table + job.first * ENTRY_BYTES;
  const last = job.table + job.length * ENTRY_BYTES;
  const from = job.first == 0 ? job.src : job.src + changetype<Entry>(first - ENTRY_BYTES).end;
  let d = job.dst;
  let s = from;
  let docs: usize = 0;
  let records: usize = 0;
  for (let at = first; at < last; at += ENTRY_BYTES) {
    const entry = changetype<Entry>(at);
    if (job.verdicts == 0 || load<u8>(job.verdicts + records) == 0) {
      const end = docs < job.maxDocs ? document(job, entry, s, d, limit) : 0;
      if (end == 0) break;
      d = end;
      docs++;
    }
    s = job.src + entry.end;
    records++;
  }
  job.docs = docs;
  job.bytes = d - job.dst;
  job.consumed = s - from;
  job.records = records;
}

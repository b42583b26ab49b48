// Records of a chunk with a table to bulk documents: as encode.ts, but the table says where a record ends, where it was
// in its source, what time it bears and how many records it stands for.
import { decimal, width } from "./decimal";
import { escape, targetEnd } from "./escape";
import { EncodeJob } from "./job";
import { levelOf } from "./level";
import { levelLength, writeLevel } from "./level-member";
import { copy } from "./memory";
import { Entry, ENTRY_BYTES } from "./table";
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

/** Bytes that a weight takes in a document: both names, both numbers and a brace. */
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

/** Writes one document of the record [s, stop) and returns its end, or 0 where it does not fit below `limit`. */
function document(job: EncodeJob, entry: Entry, s: usize, d: usize, limit: usize): usize {
  const offset = u64(job.base) + u64(entry.start);
  const digits = width(offset);
  const middle = job.template + job.head;
  const time = middle + job.middle;
  const lead = time + job.time;
  const path = lead + job.lead;
  const other = path + job.path;
  const close = other + job.level;
  const ending = job.path + digits + job.close + weightLength(entry.weight) + job.tail;
  const timed = hasTime(entry.time);
  const opening = job.head + (job.middle != 0 ? digits + job.middle : 0) + (timed ? TIME_BYTES : job.time) + job.lead;
  if (d + opening > limit) return 0;
  d = copy(d, job.template, job.head);
  if (job.middle != 0) d = copy(decimal(d, offset, digits), middle, job.middle);
  d = timed ? writeTime(d, entry.time) : copy(d, time, job.time);
  d = copy(d, lead, job.lead);
  const ends = escape(s, job.src + entry.end, d, limit - ending, WHOLE);
  if (ends == 0) return 0;
  const level = levelOf(s, job.src + entry.end);
  d = targetEnd(ends);
  if (d + ending + levelLength(level, job.level) > limit) return 0;
  d = copy(d, path, job.path);
  d = writeLevel(decimal(d, offset, digits), level, other, job.level);
  d = copy(d, close, job.close);
  if (entry.weight > 1) d = writeWeight(d, entry.weight);
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

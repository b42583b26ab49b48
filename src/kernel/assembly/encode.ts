// Encodes the lines of a source as bulk documents: head [offset middle] time lead MESSAGE path offset level close tail. Each
// document is written directly to its place. One that reaches the limit is discarded as a whole. This costs one comparison per
// block and needs no second pass.
import { decimal, power, width } from "./decimal";
import { Ends, escape, sourceEnd, targetEnd } from "./escape";
import { EncodeJob } from "./job";
import { levelOf } from "./level";
import { levelLength, writeLevel } from "./level-member";
import { copy, copy16, nextLine, skipEmpty } from "./memory";
import { LINE } from "./unit";

/** Writes the document of the line at `s`. Returns 0 when the document does not fit below `limit`. */
function document(job: EncodeJob, s: usize, d: usize, limit: usize, offset: u64, digits: usize): Ends {
  const opening = job.template + job.head;
  const openingLength = job.middle + job.time + job.lead;
  const path = opening + openingLength;
  const closing = path + job.path + job.level;
  const closingLength = job.close + job.tail;
  const ending = job.path + digits + closingLength;
  const identified = job.middle != 0;
  if (d + job.head + (identified ? digits : 0) + openingLength > limit) return 0;
  d = copy(d, job.template, job.head);
  const number = d;
  if (identified) d = decimal(d, offset, digits);
  d = copy(d, opening, openingLength);
  const ends = escape(s, job.src + job.length, d, limit - ending, LINE);
  if (ends == 0) return 0;
  const level = levelOf(s, sourceEnd(ends));
  d = targetEnd(ends);
  if (d + ending + levelLength(level, job.level) > limit) return 0;
  d = copy(d, path, job.path);
  // Copies the digits that are already written: 6 ns a line less than converting the number again.
  d = identified ? copy16(d, number, digits) : decimal(d, offset, digits);
  d = writeLevel(d, level, closing - job.level, job.level);
  return (ends & 0xffffffff00000000) | u64(copy(d, closing, closingLength));
}

export function encode(job: EncodeJob): void {
  const src = job.src;
  const end = src + job.length;
  const limit = job.dst + job.capacity;
  const base = u64(job.base);
  let digits = width(base);
  let wider = power(digits);
  let d = job.dst;
  let passed = src;
  let docs: usize = 0;
  let records: usize = 0;
  let s = skipEmpty(src, end);
  while (s < end) {
    if (job.verdicts != 0 && load<u8>(job.verdicts + records) != 0) {
      s = nextLine(s, end);
    } else {
      const offset = base + u64(s - src);
      if (offset >= wider) {
        digits = width(offset);
        wider = power(digits);
      }
      const ends = docs < job.maxDocs ? document(job, s, d, limit, offset, digits) : 0;
      if (ends == 0) break;
      s = sourceEnd(ends);
      d = targetEnd(ends);
      docs++;
    }
    s = skipEmpty(s, end); // skips the line's own end, which looks like an empty line here
    records++;
    passed = s;
  }
  job.docs = docs;
  job.bytes = d - job.dst;
  job.consumed = (s >= end ? end : passed) - src;
  job.records = records;
}

// Lines of a source to bulk documents: head [offset middle] time lead MESSAGE path offset close tail.
// Nothing of a document stays that does not fit in whole: it is written where it would go and taken back when it
// reaches the end, which costs one comparison per block and no second pass.
import { decimal, width } from "./decimal";
import { escape, sourceEnd, targetEnd } from "./escape";
import { EncodeJob } from "./job";
import { copy, copy16, nextLine, skipEmpty } from "./memory";
import { LINE } from "./unit";

export function encode(job: EncodeJob): void {
  const src = job.src;
  const end = src + job.length;
  const limit = job.dst + job.capacity;
  const base = u64(job.base);
  const identified = job.middle != 0;
  const opening = job.template + job.head;
  const openingLength = job.middle + job.time + job.lead;
  const path = opening + openingLength;
  const closing = path + job.path;
  const closingLength = job.close + job.tail;
  const constant = job.head + openingLength + job.path + closingLength;
  let digits = width(base);
  let power: u64 = 1;
  for (let i: usize = 0; i < digits; i++) power *= 10;
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
      if (offset >= power) {
        digits = width(offset);
        while (offset >= power) power *= 10;
      }
      const fixed = constant + (identified ? 2 * digits : digits);
      if (docs == job.maxDocs || d + fixed >= limit) break;
      let at = copy(d, job.template, job.head);
      const number = at;
      if (identified) at = decimal(at, offset, digits);
      at = copy(at, opening, openingLength);
      const ends = escape(s, end, at, limit - job.path - digits - closingLength, LINE);
      if (ends == 0) break;
      at = copy(targetEnd(ends), path, job.path);
      at = identified ? copy16(at, number, digits) : decimal(at, offset, digits);
      d = copy(at, closing, closingLength);
      docs++;
      s = sourceEnd(ends);
    }
    s = skipEmpty(s, end); // a line's own terminator looks like an empty line after it
    records++;
    passed = s;
  }
  job.docs = docs;
  job.bytes = d - job.dst;
  job.consumed = (s >= end ? end : passed) - src;
  job.records = records;
}

// Checks if a record is a JSON object, and if a document can take its members as they are. Walks over its bytes once, with
// bounded depth and bounded work per byte. When the walk cannot decide, the caller must parse the record.
import { ObjectJob } from "./job";
import { isNew } from "./json-keys";
import { valueLevel } from "./level-json";
import { along, fieldLength, FREE, INNER, meaning, NEAR, same } from "./json-names";
import { numberEnd, nextStop, skipSpace, stringEnd, wordEnd } from "./json-text";
import { FRAMES, HASHES, MEMBER_BYTES, MEMBERS, MOST_DEPTH, MOST_MEMBERS, WALK } from "./page";
import { WHOLE } from "./unit";
import { wellFormed } from "./utf8";
import { isLevelName } from "./words";

/** A document can take its members as they are, apart from the listed ones. */
const SOUND: i32 = 0;
/** It may be an object; the caller must parse it. */
const UNDECIDED: i32 = 1;
/** It does not begin with a brace. */
const OTHER: i32 = 2;
const INVALID: i32 = 3;

const STAMP: usize = memory.data<u8>([64, 116, 105, 109, 101, 115, 116, 97, 109, 112]); // @timestamp
const LEVEL: usize = memory.data<u8>([108, 111, 103, 46, 108, 101, 118, 101, 108]); // log.level
const JSON: u32 = 0x6e6f736a;
const LOG: u32 = 0x676f6c;

/** Kinds of listed members, as in LISTED of kernel/members.ts. */
const OTHER_MEMBER: u32 = 0;
const STAMP_MEMBER: u32 = 1;
const LEVEL_MEMBER: u32 = 2;
/** An object that the document has, too. */
const SHARED_MEMBER: u32 = 3;

/** An open object or array. Its frame is on the stack while one inside of it is open. */
@unmanaged
class Frame {
  /** Address of its first name's hash. */
  first: usize;
  /** How many bytes of the timestamp's path lead to it; -1: the path does not lead there. */
  passed: i32;
  /** Whether it is an array. */
  array: u32;
}
const FRAME_BYTES: usize = 12;

/** State of the walk: the innermost object or array, and the current member. */
@unmanaged
class Walk extends Frame {
  /** Address for the hash of the next name. */
  free: usize;
  depth: usize;
  /** How many bytes of the timestamp's path lead to the current member; -1: the path does not lead there. */
  leads: i32;
  /** Whether the current top-level member is listed. */
  listed: u32;
  /** Whether the current top-level member is `log`. */
  log: u32;
  /** Whether the record has a SHARED_MEMBER, and whether it has a name that is NEAR. */
  shared: u32;
  near: u32;
}

/** Begins a top-level member whose value is not read yet. False: the record is undecided because of the name or a full list. */
function enter(job: ObjectJob, walk: Walk, key: usize, length: usize, value: usize, end: usize): bool {
  walk.listed = 0;
  walk.log = u32(length == 3 && (load<u32>(key) & 0xffffff) == LOG);
  if (length == 4 && load<u32>(key) == JSON) return false;
  const means = meaning(key, length);
  walk.near |= u32(means == NEAR);
  if (means == FREE || means == NEAR) return true;
  const byte: u32 = load<u8>(value);
  if (job.members == MOST_MEMBERS) return false;
  let what = OTHER_MEMBER;
  if (means == INNER && byte == 123) {
    what = SHARED_MEMBER;
    walk.shared = 1;
  } else if (byte < 58 && length == 10 && same(key, STAMP, 10)) what = STAMP_MEMBER;
  else if (byte == 34 && length == 9 && same(key, LEVEL, 9)) what = LEVEL_MEMBER;
  const at = MEMBERS + job.members * MEMBER_BYTES;
  store<u32>(at, what);
  store<u32>(at, u32(key - 1 - job.src), 4);
  store<u32>(at, u32(value - job.src), 8);
  job.members++;
  walk.listed = 1;
  return true;
}

/** Ends a value at `p`. Completes the entry of a listed member. */
// @ts-ignore: decorator
@inline
function leave(job: ObjectJob, walk: Walk, p: usize): void {
  if (walk.depth != 1 || walk.listed == 0) return;
  store<u32>(MEMBERS + (job.members - 1) * MEMBER_BYTES, u32(p - job.src), 12);
  walk.listed = 0;
}

/** Reads the name at `p`. Returns the start of its value, or 0 with the reason in `job.verdict`. */
// @ts-ignore: decorator
@inline
function name(job: ObjectJob, walk: Walk, p: usize, end: usize): usize {
  job.verdict = INVALID;
  if (load<u8>(p) != 34) return 0;
  const key = p + 1;
  const quote = nextStop(key, end);
  if (quote >= end) return 0;
  const length = quote - key;
  if (load<u8>(quote) != 34) {
    if (load<u8>(quote) == 92) job.verdict = UNDECIDED;
    return 0;
  }
  p = skipSpace(quote + 1, end);
  if (p >= end || load<u8>(p) != 58) return 0;
  p = skipSpace(p + 1, end);
  if (p >= end) return 0;
  job.verdict = UNDECIDED;
  if (!isNew(key, length, walk.first, walk.free)) return 0;
  walk.free += 4;
  walk.leads = walk.passed >= 0 ? along(key, length, walk.passed) : -1;
  if (walk.depth == 1 && !enter(job, walk, key, length, p, end)) return 0;
  // As in level-json.ts, a level counts at the top level and in a top-level `log`.
  if (job.level < 0 && walk.depth <= 1 + walk.log && isLevelName(key, length)) job.level = valueLevel(p, end);
  return p;
}

/** Begins an object or array. False: it is nested too deep. */
// @ts-ignore: decorator
@inline
function open(walk: Walk, byte: u32): bool {
  if (walk.depth == MOST_DEPTH) return false;
  const frame = changetype<Frame>(FRAMES + walk.depth * FRAME_BYTES);
  frame.first = walk.first;
  frame.passed = walk.passed;
  frame.array = walk.array;
  walk.depth++;
  walk.first = walk.free;
  walk.passed = walk.leads < i32(fieldLength()) ? walk.leads : -1;
  walk.array = u32(byte == 91);
  walk.leads = -1;
  return true;
}

// @ts-ignore: decorator
@inline
function close(walk: Walk): void {
  walk.depth--;
  const frame = changetype<Frame>(FRAMES + walk.depth * FRAME_BYTES);
  walk.free = walk.first;
  walk.first = frame.first;
  walk.passed = frame.passed;
  walk.array = frame.array;
}

/** Reads the value at `p`, which is no object or array. Returns its end; 0: not a valid value. */
// @ts-ignore: decorator
@inline
function scalar(job: ObjectJob, walk: Walk, p: usize, end: usize): usize {
  const byte: u32 = load<u8>(p);
  let stop: usize = 0;
  if (byte == 34) {
    stop = stringEnd(p + 1, end);
    if (stop != 0) stop++;
  } else stop = byte == 45 || byte - 48 < 10 ? numberEnd(p, end) : wordEnd(p, end);
  if (walk.leads >= 0 && walk.leads == i32(fieldLength()) && job.field == 0 && byte < 58) {
    job.field = p - job.src;
    job.fieldEnd = stop - job.src;
  }
  return stop;
}

/** Walks through the object whose opening brace is at `p`. Returns the verdict. */
function inside(job: ObjectJob, walk: Walk, p: usize, end: usize): i32 {
  let begun = true;
  while ((p = skipSpace(p + 1, end)) < end) {
    // Here `p` is the first token after an opening bracket, an opening brace or a comma.
    let byte: u32 = load<u8>(p);
    if (!begun || byte != (walk.array != 0 ? 93 : 125)) {
      if (walk.array == 0) {
        p = name(job, walk, p, end);
        if (p == 0) return job.verdict;
        byte = load<u8>(p);
      }
      begun = byte == 123 || byte == 91;
      if (begun) {
        if (!open(walk, byte)) return UNDECIDED;
        continue;
      }
      p = scalar(job, walk, p, end);
      if (p == 0) return INVALID;
      leave(job, walk, p);
      p = skipSpace(p, end);
    }
    begun = false;
    while (p < end && load<u8>(p) == (walk.array != 0 ? 93 : 125)) {
      close(walk);
      p++;
      leave(job, walk, p);
      if (walk.depth == 0) {
        job.end = p - job.src;
        return skipSpace(p, end) == end ? SOUND : INVALID;
      }
      p = skipSpace(p, end);
    }
    if (p >= end || load<u8>(p) != 44) return INVALID;
  }
  return INVALID;
}

export function object(job: ObjectJob): void {
  const end = job.src + job.length;
  const start = skipSpace(job.src, end);
  job.start = start - job.src;
  job.end = job.length;
  job.level = -1;
  job.field = 0;
  job.members = 0;
  if (start >= end || load<u8>(start) != 123) job.verdict = OTHER;
  else if (!wellFormed(start, end, WHOLE)) job.verdict = UNDECIDED;
  else {
    const walk = changetype<Walk>(WALK);
    walk.depth = 0;
    walk.free = HASHES;
    walk.leads = fieldLength() > 0 ? 0 : -1;
    walk.listed = 0;
    walk.log = 0;
    walk.shared = 0;
    walk.near = 0;
    open(walk, 123);
    job.verdict = inside(job, walk, start, end);
    // Two members may be the same field of the document: `host.ip`, and `ip` in `host`.
    if (job.verdict == SOUND && (walk.shared & walk.near) != 0) job.verdict = UNDECIDED;
  }
}

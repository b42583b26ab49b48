// The typed door to the kernel: the work per byte, done where the bytes lie. Each method is one call into WebAssembly
// over the arena's memory; JavaScript decides, the kernel moves. Synchronous, so no region moves during a call.
// What must hold: ranges lie inside their regions. The kernel does not check them, the door does.
import type { Arena, Region } from "../core/arena.ts";
import { TABLE_ENTRY } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import type { Encoded, EncodeJob, EncodeTableJob, Scan, Thinned, ThinJob } from "./jobs.ts";
import { ENCODE, JOB, LEVEL, NAMES, OBJECT, SCAN, THIN } from "./layout.ts";
import { instantiate, type Exports } from "./load.ts";
import type { Names } from "./names.ts";
import { Members } from "./members.ts";

export type { Encoded, EncodeJob, EncodeTableJob, Scan, Thinned, ThinJob } from "./jobs.ts";

export class Kernel {
  /** What `object` has found. */
  readonly found: Members;
  private readonly run: Exports;
  private readonly bytes: Uint8Array;
  private readonly u32: Uint32Array;
  private readonly f64: Float64Array;
  /** What stands at NAMES. */
  private names: Names;

  constructor(arena: Arena) {
    this.run = instantiate(arena.memory);
    this.bytes = arena.bytes;
    this.found = new Members(arena.memory);
    this.u32 = new Uint32Array(arena.memory.buffer, JOB, 32);
    this.f64 = new Float64Array(arena.memory.buffer, JOB, 1);
  }

  scan(region: Region, from: number, length: number): Scan {
    const { u32 } = this;
    u32[SCAN.src] = address(region, from, length);
    u32[SCAN.length] = length;
    this.run.scan(JOB);
    return { records: this.word(SCAN.records), end: this.word(SCAN.end), longest: this.word(SCAN.longest) };
  }

  /** Text lines to bulk documents; a line's trailing \r is dropped, bad UTF-8 becomes U+FFFD as TextDecoder has it. */
  encode(job: EncodeJob): Encoded {
    const { u32 } = this;
    this.f64[ENCODE.base] = job.base;
    u32[ENCODE.src] = address(job.src, job.from, job.length);
    u32[ENCODE.length] = job.length;
    this.target(job);
    this.run.encode(JOB);
    return this.encoded();
  }

  /** Records of a chunk with a table to bulk documents. All bytes of a record are its message. */
  encodeTable(job: EncodeTableJob): Encoded {
    const { u32 } = this;
    this.f64[ENCODE.base] = job.base;
    u32[ENCODE.src] = address(job.src, 0, job.src.length);
    u32[ENCODE.length] = job.records;
    u32[ENCODE.table] = address(job.table, 0, job.records * TABLE_ENTRY);
    u32[ENCODE.first] = job.record;
    this.target(job);
    this.run.encodeTable(JOB);
    return this.encoded();
  }

  private target(job: EncodeJob | EncodeTableJob): void {
    const { u32 } = this;
    const { template, verdicts } = job;
    u32[ENCODE.dst] = address(job.dst, job.dstFrom, job.capacity);
    u32[ENCODE.capacity] = job.capacity;
    u32[ENCODE.maxDocs] = job.maxDocs;
    u32[ENCODE.verdicts] = verdicts === undefined ? 0 : address(verdicts, job.first, 0);
    u32[ENCODE.template] = address(template.region, template.from, 0);
    u32[ENCODE.head] = template.head;
    u32[ENCODE.middle] = template.middle;
    u32[ENCODE.time] = template.time;
    u32[ENCODE.lead] = template.lead;
    u32[ENCODE.path] = template.path;
    u32[ENCODE.level] = template.level;
    u32[ENCODE.close] = template.close;
    u32[ENCODE.tail] = template.tail;
  }

  private encoded(): Encoded {
    return {
      docs: this.word(ENCODE.docs),
      bytes: this.word(ENCODE.bytes),
      consumed: this.word(ENCODE.consumed),
      records: this.word(ENCODE.records),
    };
  }

  /** Samples the lines of a chunk: keeps some, moves them together without terminators, and writes their table. */
  thin(job: ThinJob): Thinned {
    this.thinning(job, job.src.length);
    this.run.thin(JOB);
    return this.thinned(job);
  }

  /** Samples the records of a chunk with a table: keeps some, moves them and their entries together. */
  thinTable(job: ThinJob): Thinned {
    this.thinning(job, job.records);
    this.run.thinTable(JOB);
    return this.thinned(job);
  }

  private thinning(job: ThinJob, length: number): void {
    const { u32 } = this;
    this.f64[THIN.base] = job.base;
    u32[THIN.src] = address(job.src, 0, job.src.length);
    u32[THIN.length] = length;
    u32[THIN.table] = address(job.table, 0, job.records * TABLE_ENTRY);
    u32[THIN.seedHigh] = job.seedHigh;
    u32[THIN.seedLow] = job.seedLow;
    u32[THIN.threshold] = job.threshold;
    u32[THIN.always] = job.always;
    u32[THIN.weight] = job.weight;
  }

  private thinned(job: ThinJob): Thinned {
    const [records, sampledRecords] = [this.word(THIN.records), this.word(THIN.sampledRecords)];
    assert(records + sampledRecords === job.records, "the kernel met other records than were counted");
    return { records, bytes: this.word(THIN.bytes), sampledRecords, sampledBytes: this.word(THIN.sampledBytes) };
  }

  /** The level of a record as an index into LEVELS; -1 where none is recognised. */
  level(region: Region, from: number, length: number): number {
    const { u32 } = this;
    u32[LEVEL.src] = address(region, from, length);
    u32[LEVEL.length] = length;
    this.run.level(JOB);
    return this.word(LEVEL.level) | 0;
  }

  /** Whether bytes[from, to), a view of the arena, are a JSON object: `found` says it. Many calls are for one input. */
  object(bytes: Uint8Array, from: number, to: number, names: Names): void {
    assert(bytes.buffer === this.bytes.buffer && to <= bytes.length, "a kernel call outside of the arena");
    const { u32, found } = this;
    if (names === undefined) return found.undecided(to - from);
    if (names !== this.names) {
      this.bytes.set(names, NAMES);
      this.names = names;
    }
    u32[OBJECT.src] = bytes.byteOffset + from;
    u32[OBJECT.length] = to - from;
    this.run.object(JOB);
  }

  private word(index: number): number {
    return this.u32[index] as number;
  }
}

function address(region: Region, from: number, length: number): number {
  assert(!region.released && from >= 0 && from + length <= region.length, "a kernel call outside of its region");
  return region.ptr + from;
}

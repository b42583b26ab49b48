// Typed bindings of the kernel, which does the work per byte in place. Each method is one call into WebAssembly over the arena's
// memory: JavaScript decides, the kernel moves bytes. Calls are synchronous, so no region moves during one. Invariant: every
// range lies inside its region. The kernel does not check ranges, this class does.
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
  /** The result of the last call of `object`. */
  readonly found: Members;
  private readonly run: Exports;
  private readonly bytes: Uint8Array;
  private readonly u32: Uint32Array;
  private readonly f64: Float64Array;
  /** The names last written to NAMES. */
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

  /** Encodes text lines as bulk documents. Drops a line's trailing \r and replaces bad UTF-8 by U+FFFD as TextDecoder does. */
  encode(job: EncodeJob): Encoded {
    const { u32 } = this;
    this.f64[ENCODE.base] = job.base;
    u32[ENCODE.src] = address(job.src, job.from, job.length);
    u32[ENCODE.length] = job.length;
    this.target(job);
    this.run.encode(JOB);
    return this.encoded();
  }

  /** Encodes the records of a chunk with a table as bulk documents. All bytes of a record are its message. */
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

  /** Samples the lines of a chunk: moves the kept lines together, without terminators, and writes their table. */
  thin(job: ThinJob): Thinned {
    this.thinning(job, job.src.length);
    this.run.thin(JOB);
    return this.thinned(job);
  }

  /** Samples the records of a chunk with a table: moves the kept records and their entries together. */
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

  /** The level of a record as an index into LEVELS; -1 when none is recognised. */
  level(region: Region, from: number, length: number): number {
    const { u32 } = this;
    u32[LEVEL.src] = address(region, from, length);
    u32[LEVEL.length] = length;
    this.run.level(JOB);
    return this.word(LEVEL.level) | 0;
  }

  /** Checks if bytes[from, to), a view of the arena, is a JSON object: see `found`. Copies `names` only if they changed. */
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

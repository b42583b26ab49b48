// The typed door to the kernel: the work per byte, done where the bytes lie. Each method is one call into WebAssembly
// over the arena's memory; JavaScript decides, the kernel moves. Synchronous, so no region moves during a call.
// What must hold: ranges lie inside their regions. The kernel does not check them, the door does.
import { readFileSync } from "node:fs";
import type { Arena, Region } from "../core/arena.ts";
import { assert, SpillwayError } from "../core/errors.ts";
import { ENCODE, JOB, SCAN } from "./layout.ts";
import type { Template } from "./template.ts";

export interface Scan {
  /** Lines ended by \n that are neither empty nor only \r. */
  readonly records: number;
  /** Bytes up to and including the last \n; 0 where there is none. */
  readonly end: number;
  /** Bytes of the longest of the lines, terminator (\n or \r\n) excluded. */
  readonly longest: number;
}

export interface EncodeJob {
  readonly src: Region;
  /** Begins at the start of a line. */
  readonly from: number;
  /** Bytes: whole lines; the last one may lack its \n. */
  readonly length: number;
  /** Offset in the source of src[from]. */
  readonly base: number;
  readonly dst: Region;
  readonly dstFrom: number;
  /** At most this many bytes are written; up to 31 behind them, in the region's slack, may be overwritten. */
  readonly capacity: number;
  readonly template: Template;
  readonly maxDocs: number;
  /** A byte per record; a record with anything but 0 is passed over. */
  readonly verdicts?: Region | undefined;
  /** Index in `verdicts` of the record at src[from]. */
  readonly first: number;
}

export interface Encoded {
  /** Documents written. */
  readonly docs: number;
  readonly bytes: number;
  /** Bytes of the source passed: to the start of a record, or all. 0 with docs 0: the first document does not fit. */
  readonly consumed: number;
  /** Records passed, those with a verdict included. */
  readonly records: number;
}

type Export = (job: number) => void;

let compiled: WebAssembly.Module | undefined;

function load(): WebAssembly.Module {
  if (compiled !== undefined) return compiled;
  const file = new URL("./kernel.wasm", import.meta.url);
  try {
    compiled = new WebAssembly.Module(readFileSync(file));
  } catch (cause) {
    throw new SpillwayError("kernel-missing", `Cannot load the kernel ${file.pathname}.`, {
      hint: "build it with `npm run build:kernel`",
      cause,
    });
  }
  return compiled;
}

export class Kernel {
  private readonly run: Readonly<Record<"scan" | "encode", Export>>;
  private readonly u32: Uint32Array;
  private readonly f64: Float64Array;

  constructor(arena: Arena) {
    const instance = new WebAssembly.Instance(load(), { env: { memory: arena.memory } });
    this.run = instance.exports as Record<"scan" | "encode", Export>;
    this.u32 = new Uint32Array(arena.memory.buffer, JOB, 64);
    this.f64 = new Float64Array(arena.memory.buffer, JOB, 32);
  }

  scan(region: Region, from: number, length: number): Scan {
    const { u32 } = this;
    u32[SCAN.src] = address(region, from, length);
    u32[SCAN.length] = length;
    this.run.scan(JOB);
    return { records: word(u32, SCAN.records), end: word(u32, SCAN.end), longest: word(u32, SCAN.longest) };
  }

  /** Text lines to bulk documents; a line's trailing \r is dropped, bad UTF-8 becomes U+FFFD as TextDecoder has it. */
  encode(job: EncodeJob): Encoded {
    const { u32, f64 } = this;
    f64[ENCODE.base] = job.base;
    u32[ENCODE.src] = address(job.src, job.from, job.length);
    u32[ENCODE.length] = job.length;
    u32[ENCODE.verdicts] = job.verdicts === undefined ? 0 : address(job.verdicts, job.first, 0);
    this.target(job);
    this.run.encode(JOB);
    return this.encoded();
  }

  private target(job: Pick<EncodeJob, "dst" | "dstFrom" | "capacity" | "template" | "maxDocs">): void {
    const { u32 } = this;
    const { template } = job;
    u32[ENCODE.dst] = address(job.dst, job.dstFrom, job.capacity);
    u32[ENCODE.capacity] = job.capacity;
    u32[ENCODE.maxDocs] = job.maxDocs;
    u32[ENCODE.template] = address(template.region, template.from, 0);
    u32[ENCODE.head] = template.head;
    u32[ENCODE.middle] = template.middle;
    u32[ENCODE.time] = template.time;
    u32[ENCODE.lead] = template.lead;
    u32[ENCODE.path] = template.path;
    u32[ENCODE.close] = template.close;
    u32[ENCODE.tail] = template.tail;
  }

  private encoded(): Encoded {
    const { u32 } = this;
    return {
      docs: word(u32, ENCODE.docs),
      bytes: word(u32, ENCODE.bytes),
      consumed: word(u32, ENCODE.consumed),
      records: word(u32, ENCODE.records),
    };
  }
}

function word(u32: Uint32Array, index: number): number {
  return u32[index] as number;
}

function address(region: Region, from: number, length: number): number {
  assert(!region.released && from >= 0 && from + length <= region.length, "a kernel call outside of its region");
  return region.ptr + from;
}

// The files that the simulated inputs read. They hold numbered records, some long, some of bytes that become six characters each
// in JSON. Each file is appended to; some are deleted in the course of a schedule.
import { type Dice, fail, rng } from "./violation.ts";

/** What the records of an input look like. */
export interface RecordKind {
  /** Bytes of filler: minimum, maximum. */
  readonly size: readonly [number, number];
  /** Fraction of records with a filler of NUL bytes, each of which is escaped to six characters in a document. */
  readonly wide: number;
}

/** Text that does not compress, so that buffered records occupy disk space. */
const NOISE = Array.from({ length: 1 << 16 }, rng(7))
  .map((x) => String.fromCharCode(48 + Math.floor(x * 74)))
  .join("");

function noise(from: number, length: number): string {
  return NOISE.slice(from, from + length).replaceAll(/["\\:]/g, "_");
}

export class SimFile {
  readonly input: string;
  readonly name: string;
  /** The source id. Replaced if the process that chose it ended before the id was durable. */
  id = "";
  readonly formerIds: string[] = [];
  /** Start offset of each record, and the end of the last record. */
  readonly offsets: number[] = [0];
  private bytes: Buffer = Buffer.alloc(1024);
  /** The file is deleted. Unread bytes are lost once the file is closed. */
  gone = false;

  constructor(input: string, name: string) {
    this.input = input;
    this.name = name;
  }

  get size(): number {
    return this.offsets.at(-1) as number;
  }

  get records(): number {
    return this.offsets.length - 1;
  }

  append(dice: Dice, { size, wide }: RecordKind): void {
    const length = Math.floor(dice.between(...size));
    const filler = dice.chance(wide) ? "\0".repeat(length) : noise(dice.int(NOISE.length - length), length);
    const line = `${this.name}:${this.records}:${filler}\n`;
    const at = this.size;
    while (at + line.length > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.bytes.length)]);
    this.bytes.write(line, at, "latin1");
    this.offsets.push(at + line.length);
  }

  read(from: number, to: number): Buffer {
    return this.bytes.subarray(from, to);
  }

  /** The number of the record that begins at this offset. */
  recordAt(offset: number): number {
    let [low, high] = [0, this.records];
    while (low < high) {
      const mid = (low + high) >> 1;
      if ((this.offsets[mid] as number) < offset) low = mid + 1;
      else high = mid;
    }
    if (this.offsets[low] !== offset || low >= this.records) fail(`${this.name}: no record begins at ${offset}`);
    return low;
  }

  /** The whole records from `from` on that fit into `most` bytes: where they end, and how many they are. */
  take(from: number, most: number): { readonly end: number; readonly records: number } {
    const first = this.recordAt(from);
    let n = 0;
    while (first + n < this.records && (this.offsets[first + n + 1] as number) - from <= most) n++;
    return { end: this.offsets[first + n] as number, records: n };
  }
}

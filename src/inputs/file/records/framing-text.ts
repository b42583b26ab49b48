// Lines ended by \n or \r\n. The region keeps exactly the source's bytes, so no table is needed; \r and bad UTF-8 are handled
// when a document is encoded. Only a byte order mark (BOM) is removed from the first line of a file.
import { TABLE, TABLE_ENTRY } from "../../../core/chunk.ts";
import { DROPPED_FILTERED } from "../../../core/fate.ts";
import type { FileInputOptions } from "../../../core/options.ts";
import {
  counted,
  type Framed,
  type Framing,
  kept,
  type LineScanner,
  NOTHING_COUNTED,
  type ReadBytes,
  type Rest,
  WAIT,
} from "./framing.ts";
import { passNuls } from "./holes.ts";
import { characterBoundary, firstOversize, NEWLINE, passOver, RETURN, skipLine } from "./oversize.ts";
import { markLength, wholeCharacters } from "./text-code.ts";

export class TextFraming implements Framing {
  /** One entry, for a first line with a byte order mark. */
  readonly tableBytes = TABLE_ENTRY;
  readonly growth = 1;
  readonly cutBehind: number;
  private readonly kernel: LineScanner;
  private readonly maxRecord: number;
  private readonly oversize: "truncate" | "skip";

  constructor(kernel: LineScanner, options: Pick<FileInputOptions, "maxRecord" | "oversize">) {
    this.kernel = kernel;
    this.maxRecord = options.maxRecord;
    // A cut at a character boundary can be up to 3 bytes before the maximum.
    this.cutBehind = Math.max(1, options.maxRecord - 3);
    this.oversize = options.oversize;
  }

  frame(read: ReadBytes): Framed {
    const framed = this.lines(read);
    const mark = read.offset === 0 && framed.kept > 0 ? markLength(read.code, read.bytes) : 0;
    return mark > 0 ? firstLine(read.bytes, mark, framed) : framed;
  }

  pass(read: ReadBytes): Framed {
    return passOver(read);
  }

  private lines(read: ReadBytes): Framed {
    const scan = this.kernel.scan(read.region, 0, read.bytes.length);
    if (scan.end === 0) return this.unended(read);
    if (scan.longest <= this.maxRecord) {
      const rest = read.bytes.length - scan.end;
      return lines(scan.records, scan.end, rest > this.maxRecord ? "start" : "partial");
    }
    const at = firstOversize(read.bytes, this.maxRecord);
    if (at === 0) return this.cut(read);
    return lines(this.kernel.scan(read.region, 0, at).records, at, "start");
  }

  private unended(read: ReadBytes): Framed {
    const { bytes, after } = read;
    // The first byte after the maximum may be the \r of an incomplete line end.
    if (bytes.length > this.maxRecord + 1) return this.cut(read);
    if (after === "more" || after === "quiet") return WAIT;
    if (bytes.length > this.maxRecord && bytes.at(-1) !== RETURN) return this.cut(read);
    const end = wholeCharacters(read);
    if (end === 0) return WAIT;
    return { ...lines(end === 1 && bytes[0] === RETURN ? 0 : 1, end, "partial"), ended: "cut" };
  }

  private cut(read: ReadBytes): Framed {
    const hole = passNuls(read);
    if (hole !== undefined) return hole;
    if (this.oversize === "skip") return skipLine(read);
    return { ...kept(1, characterBoundary(read.bytes, this.maxRecord), "oversized"), truncated: true };
  }
}

/** Removes the byte order mark, `mark` bytes, from the first line of a file. The record still begins at byte 0. */
function firstLine(bytes: Buffer, mark: number, framed: Framed): Framed {
  const end = bytes.subarray(0, framed.end).indexOf(NEWLINE) + 1 || framed.end;
  const rest = end === framed.end ? framed.rest : "start";
  let to = end;
  if (bytes[to - 1] === NEWLINE) to--;
  if (bytes[to - 1] === RETURN) to--;
  if (to === mark) return counted(DROPPED_FILTERED, 0, end, rest);
  const table = Buffer.alloc(TABLE_ENTRY);
  table.writeUInt32LE(to - mark, TABLE.end);
  table.writeUInt32LE(end, TABLE.length);
  table.writeUInt32LE(1, TABLE.weight);
  table.writeDoubleLE(NaN, TABLE.time);
  // A copy, because the region of the bytes shrinks.
  const rewritten = { bytes: Buffer.copyBytesFrom(bytes, mark, to - mark), table };
  const { ended, truncated = false } = framed;
  return { end, records: 1, kept: to - mark, rewritten, counted: NOTHING_COUNTED, rest, ended, truncated };
}

function lines(records: number, end: number, rest: Rest): Framed {
  return records === 0 ? counted(DROPPED_FILTERED, 0, end, rest) : kept(records, end, rest);
}

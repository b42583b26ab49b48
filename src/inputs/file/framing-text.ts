// Lines ended by \n or \r\n. The region keeps exactly the source's bytes, so that no table is needed; \r and bad UTF-8 are
// dealt with when a document is encoded.
import { DROPPED_FILTERED } from "../../core/fate.ts";
import type { FileInputOptions } from "../../core/options.ts";
import { counted, type Framed, type Framing, kept, type ReadBytes, type Rest, WAIT } from "./framing.ts";
import { cutOversize, firstOversize, passOver, RETURN } from "./oversize.ts";
import type { LineScanner } from "./parts.ts";

export class TextFraming implements Framing {
  readonly tableBytes = 0;
  readonly growth = 1;
  private readonly kernel: LineScanner;
  private readonly maxRecord: number;
  private readonly oversize: "truncate" | "skip";

  constructor(kernel: LineScanner, options: Pick<FileInputOptions, "maxRecord" | "oversize">) {
    this.kernel = kernel;
    this.maxRecord = options.maxRecord;
    this.oversize = options.oversize;
  }

  frame(read: ReadBytes): Framed {
    const scan = this.kernel.scan(read.region, 0, read.bytes.length);
    if (scan.end === 0) return this.unended(read);
    if (scan.longest <= this.maxRecord) {
      const rest = read.bytes.length - scan.end;
      return lines(scan.records, scan.end, rest > this.maxRecord ? "start" : "partial");
    }
    const at = firstOversize(read.bytes, this.maxRecord);
    if (at === 0) return cutOversize(read.bytes, this.maxRecord, this.oversize);
    return lines(this.kernel.scan(read.region, 0, at).records, at, "start");
  }

  pass(read: ReadBytes): Framed {
    return passOver(read.bytes);
  }

  private unended({ bytes, after }: ReadBytes): Framed {
    // One byte more than the maximum may be the \r of a line end that is not there yet.
    if (bytes.length > this.maxRecord + 1) return cutOversize(bytes, this.maxRecord, this.oversize);
    if (after !== "end") return WAIT;
    if (bytes.length > this.maxRecord && bytes.at(-1) !== RETURN)
      return cutOversize(bytes, this.maxRecord, this.oversize);
    return lines(bytes.length === 1 && bytes[0] === RETURN ? 0 : 1, bytes.length, "partial");
  }
}

function lines(records: number, end: number, rest: Rest): Framed {
  return records === 0 ? counted(DROPPED_FILTERED, 0, end, rest) : kept(records, end, rest);
}

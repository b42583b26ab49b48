// Turns framed records into drafts. A draft takes the region that the records were read into. But if one read holds records
// that need chunks of their own kind (core/output.ts, RecordIndex), each of these chunks gets a region of its own, and the
// read's region keeps what is still to be framed. When targets alternate from record to record, reading again for each would
// cost 256 KiB a record.
import { Arena, type Region } from "../../../core/arena.ts";
import type { Envelope } from "../../../core/chunk.ts";
import { assert } from "../../../core/errors.ts";
import type { SourceId } from "../../../core/source.ts";
import { containerFields } from "../records/container-path.ts";
import type { Framed, ReadBytes, Rewritten } from "../records/framing.ts";
import { unparsedIn } from "../records/json/unparsed.ts";
import type { Shared } from "../shared.ts";
import type { Tail } from "./tail.ts";

/** Chunks of one read at most: other files want their turn, and each chunk takes some of the buffer's heap. */
const MOST_APART = 500;

interface Regions {
  readonly region: Region | undefined;
  readonly table: Region | undefined;
}

export class Drafts {
  private readonly shared: Shared;
  private readonly fault: (error: unknown) => void;
  /** Bytes and chunks that this read may still produce. Together they take no more room than was asked for. */
  private room = 0;
  private chunks = 0;

  /** @param fault is called when a draft is not taken */
  constructor(shared: Shared, fault: (error: unknown) => void) {
    this.shared = shared;
    this.fault = fault;
  }

  /** Starts another read, into this region. */
  begin(region: Region): void {
    this.room = region.size;
    this.chunks = MOST_APART;
  }

  /** @returns more: the read's region still holds the bytes behind the framed ones; done: the region was handed over */
  admit(tail: Tail, read: ReadBytes, framed: Framed): "more" | "done" {
    const { intake, options } = this.shared;
    const { records, rewritten, counted, ended, truncated, index } = framed;
    const { offset: start, readAtMs } = read;
    const apart = framed.splits ? this.apart(read, framed) : undefined;
    if (rewritten && options.format === "json") this.checkJson(tail, start, rewritten);
    const admitted = intake.admit({
      source: tail.source as SourceId,
      envelope: truncated ? this.cutEnvelope(tail, index, start) : this.envelope(tail, index),
      ...{ start, end: tail.position, records, counted, ended, readAtMs, mark: tail.checksum },
      ...(apart ?? this.whole(read, framed)),
    });
    // Not awaited: readers wait for room instead, and for an unlinked file the buffer may need a commit.
    admitted.catch(this.fault);
    return apart ? "more" : "done";
  }

  private whole({ region, bytes }: ReadBytes, { kept, rewritten }: Framed): Regions {
    const { arena } = this.shared;
    if (kept === 0) return { region: undefined, table: undefined };
    const view = arena.view(region);
    if (!rewritten && bytes.byteOffset !== view.byteOffset) view.set(bytes.subarray(0, kept));
    arena.shrink(region, kept);
    if (rewritten) arena.view(region).set(rewritten.bytes);
    const table = rewritten && this.table(rewritten);
    // The region included room for the table, so the table cannot be refused.
    assert(!rewritten || table !== undefined, "no room for a table that room was set aside for");
    arena.unpin(region);
    return { region, table };
  }

  /** Regions of the chunk's own. Undefined: there is no room for them. */
  private apart({ bytes }: ReadBytes, { kept, rewritten }: Framed): Regions | undefined {
    const { arena } = this.shared;
    const size = Arena.cost(kept) + (rewritten ? Arena.cost(rewritten.table.length) : 0);
    if (this.chunks-- === 0 || size > this.room) return undefined;
    const region = arena.alloc(kept);
    if (region === undefined) return undefined;
    arena.view(region).set(rewritten?.bytes ?? bytes.subarray(0, kept));
    const table = rewritten && this.table(rewritten);
    if (rewritten && table === undefined) {
      arena.release(region);
      return undefined;
    }
    this.room -= size;
    return { region, table };
  }

  private table({ table }: Rewritten): Region | undefined {
    const { arena } = this.shared;
    const entries = arena.alloc(table.length);
    if (entries) arena.view(entries).set(table);
    return entries;
  }

  private checkJson(tail: Tail, start: number, { table }: Rewritten): void {
    const { lines, first } = unparsedIn(table);
    if (lines === 0) return;
    const [path, offset] = [tail.path, start + first];
    this.shared.reports.warn(
      "json_invalid",
      `${path}: ${lines === 1 ? "a line is" : `${lines} lines are`} no JSON, from byte ${offset} on; shipped as messages, ` +
        "with the reason in `error.message`.",
      { path, offset, lines },
    );
  }

  /** @param recordIndex the records' index, if it depends on them */
  private envelope(tail: Tail, recordIndex: string | undefined): Envelope {
    const { host, intake, options } = this.shared;
    const index = recordIndex ?? options.index ?? this.shared.index;
    if (tail.envelope?.index === index) return tail.envelope;
    const containers = options.format === "cri" || options.format === "docker";
    tail.envelope = intake.envelope({
      input: options.id,
      path: tail.path,
      host,
      fields: containers ? { ...containerFields(tail.path), ...options.fields } : options.fields,
      index,
      policy: options.policy,
    });
    return tail.envelope;
  }

  /** The envelope of a record that `max_record` cuts. Logs the cut. */
  private cutEnvelope(tail: Tail, recordIndex: string | undefined, start: number): Envelope {
    const { intake, options, reports } = this.shared;
    const { path } = tail;
    const sentence = `${path}: the record at byte ${start} exceeds \`max_record\` of input \`${options.id}\` and is cut; its document has \`log.flags: ["truncated"]\`, and the rest is listed by: spillway losses list`;
    reports.warn("records_truncated", sentence, { path, offset: start, input: options.id });
    const { id: _id, fields, ...same } = this.envelope(tail, recordIndex);
    return intake.envelope({ ...same, fields: { ...fields, "log.flags": ["truncated"] } });
  }
}

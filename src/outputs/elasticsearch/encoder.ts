// From chunks to the body of one bulk request, by way of the kernel: one call per chunk, nothing per record. What must
// hold: document k of the body is exactly one open record, and the runs say which; a document is written whole or not
// at all; nothing in a line can end its document, since the kernel escapes it.
//
// The constant bytes of a chunk's documents, and its verdicts where some records are settled already, stand at the end
// of the body's own region while the chunk is encoded: no room has to be asked for that could be refused.
import type { Arena, Region } from "../../core/arena.ts";
import type { Envelope } from "../../core/chunk.ts";
import { OPEN } from "../../core/fate.ts";
import type { OutputOptions } from "../../core/options.ts";
import type { SourceId } from "../../core/source.ts";
import type { Encoded, Kernel } from "../../kernel/kernel.ts";
import { templateBytes, writeTemplate } from "../../kernel/template.ts";
import type { TemplateParts } from "../../kernel/template.ts";
import { renderEnvelope } from "./envelope.ts";
import type { EnvelopeText } from "./envelope.ts";
import { indexName } from "./index-name.ts";

/** Where encoding goes on in a chunk: the index of a record and where it begins in the region. */
export interface Position {
  readonly record: number;
  readonly byte: number;
}

export const START: Position = { record: 0, byte: 0 };

export interface Piece {
  readonly chunk: {
    readonly source: SourceId;
    readonly envelope: Envelope;
    readonly start: number;
    readonly region: Region;
    readonly table: Region | undefined;
    readonly records: number;
    readonly readAtMs: number;
  };
  /** A fate per record, 0 = open; undefined: all are open. Not to be changed before the answer has been applied. */
  readonly verdicts: Uint8Array | undefined;
  readonly from: Position;
}

/** Documents of one piece, in order. */
export interface Run {
  /** Index in the pieces. */
  readonly piece: number;
  readonly docs: number;
  readonly from: Position;
  /** Where the next body goes on; `record` = the chunk's records when all of it is in this one or settled. */
  readonly to: Position;
}

export interface EncodedBody {
  /** Default index of the body, for the path of the request. */
  readonly target: string;
  readonly bytes: number;
  readonly docs: number;
  /** As many as pieces were looked at; less than all when the body was full before. */
  readonly runs: readonly Run[];
}

/** The kernel may overwrite so many bytes behind what it was given. */
const SLACK = 32;
/** A text takes 400 bytes and a few microseconds, and there is one for every file. */
const MOST_TEXTS = 1000;

export class Encoder {
  private readonly arena: Arena;
  private readonly kernel: Kernel;
  private readonly options: Pick<OutputOptions, "operation" | "ids">;
  /** Of the envelopes that were used last. */
  private readonly texts = new Map<Envelope, EnvelopeText>();

  constructor(arena: Arena, kernel: Kernel, options: Pick<OutputOptions, "operation" | "ids">) {
    this.arena = arena;
    this.kernel = kernel;
    this.options = options;
  }

  /**
   * Fills the body from the pieces, in their order, until one is not finished: the body is full then, or has `maxDocs`
   * documents. Synchronous. No documents: the first open record does not fit into a body of this size.
   */
  encodeInto(body: Region, pieces: readonly Piece[], maxDocs: number): EncodedBody {
    const runs: Run[] = [];
    let target = "";
    let bytes = 0;
    let docs = 0;
    for (const [index, piece] of pieces.entries()) {
      const { chunk } = piece;
      const name = indexName(chunk.envelope.index, chunk.envelope, chunk.readAtMs);
      if (index === 0) target = name;
      const parts = this.parts(piece, name === target ? undefined : name);
      const done = this.encodePiece(body, bytes, piece, parts, maxDocs - docs);
      const to = { record: piece.from.record + done.records, byte: piece.from.byte + done.consumed };
      runs.push({ piece: index, docs: done.docs, from: piece.from, to });
      bytes += done.bytes;
      docs += done.docs;
      if (to.record < chunk.records) break;
    }
    return { target, bytes, docs, runs };
  }

  private encodePiece(body: Region, at: number, piece: Piece, parts: TemplateParts, maxDocs: number): Encoded {
    const { chunk, verdicts, from } = piece;
    const open = verdicts?.subarray(from.record);
    const constants = body.length - templateBytes(parts);
    const settled = constants - (open?.length ?? 0);
    const capacity = settled - SLACK - at;
    if (capacity <= 0) return { docs: 0, bytes: 0, consumed: 0, records: 0 };
    const template = writeTemplate(this.arena, body, constants, parts);
    if (open !== undefined) this.arena.view(body, settled, constants).set(open);
    const target = {
      dst: body,
      dstFrom: at,
      capacity,
      template,
      maxDocs,
      verdicts: open === undefined ? undefined : body,
      first: settled,
    };
    const { region: src, table, records, start: base } = chunk;
    return table === undefined
      ? this.kernel.encode({ ...target, src, from: from.byte, length: src.length - from.byte, base: base + from.byte })
      : this.kernel.encodeTable({ ...target, src, table, records, record: from.record, base });
  }

  private parts({ chunk }: Piece, index: string | undefined): TemplateParts {
    const { operation, ids } = this.options;
    const text = this.text(chunk.envelope);
    const action = `{"${operation}":{${index === undefined ? "" : `"_index":${JSON.stringify(index)}`}`;
    const opening = `{"@timestamp":"`;
    const comma = index === undefined ? "" : ",";
    const [head, middle] =
      ids === "offset"
        ? [`${action}${comma}"_id":"${chunk.source}-`, `"}}\n${opening}`]
        : [`${action}}}\n${opening}`, ""];
    return { head, middle, time: new Date(chunk.readAtMs).toISOString(), lead: `","message":"`, ...text };
  }

  private text(envelope: Envelope): EnvelopeText {
    let text = this.texts.get(envelope);
    if (text === undefined) {
      text = renderEnvelope(envelope);
      if (this.texts.size >= MOST_TEXTS) this.texts.clear();
      this.texts.set(envelope, text);
    }
    return text;
  }
}

/** Calls `visit` for each document of a body in order: its number, the piece and the record that it is. */
export function eachDocument(
  runs: readonly Run[],
  pieces: readonly Piece[],
  visit: (doc: number, piece: number, record: number) => void,
): void {
  let doc = 0;
  for (const run of runs) {
    const verdicts = pieces[run.piece]?.verdicts;
    for (let record = run.from.record; record < run.to.record; record++) {
      if (verdicts === undefined || verdicts[record] === OPEN) visit(doc++, run.piece, record);
    }
  }
}

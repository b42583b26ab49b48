// Encodes chunks into the body of one bulk request with the kernel: one call per chunk, nothing per record. Invariants:
// document k of the body is exactly one open record, and the runs say which; a document is written whole or not at all; no
// line can end its document early, because the kernel escapes it.
//
// While a chunk is encoded, the constant bytes of its documents, and its fates if some records are settled already, are kept at
// the end of the body's own region. So encoding needs no allocation that could be refused.
import type { Arena, Region } from "../../core/arena.ts";
import type { Envelope } from "../../core/chunk.ts";
import { assert } from "../../core/errors.ts";
import type { OutputOptions } from "../../core/options.ts";
import type { BodyEncoder, EncodedBody, Piece, Run } from "../../core/output.ts";
import type { Encoded, Kernel } from "../../kernel/kernel.ts";
import { templateBytes, writeTemplate } from "../../kernel/template.ts";
import type { TemplateParts } from "../../kernel/template.ts";
import { renderEnvelope } from "./envelope.ts";
import type { EnvelopeText } from "./envelope.ts";
import { indexName } from "./index-name.ts";

/** The kernel may overwrite this many bytes after the output that it was given. */
const SLACK = 32;
/** A text takes 400 bytes and a few microseconds to render, and there is one per file. */
const MOST_TEXTS = 2000;

export class Encoder implements BodyEncoder {
  private readonly arena: Arena;
  private readonly kernel: Kernel;
  private readonly options: Pick<OutputOptions, "operation" | "ids">;
  /** Cache of the rendered envelopes. */
  private readonly texts = new Map<Envelope, EnvelopeText>();

  constructor(arena: Arena, kernel: Kernel, options: Pick<OutputOptions, "operation" | "ids">) {
    this.arena = arena;
    this.kernel = kernel;
    this.options = options;
  }

  encodeInto(body: Region, pieces: readonly Piece[], maxDocs: number, maxBytes = body.length): EncodedBody {
    const runs: Run[] = [];
    let target = "";
    let bytes = 0;
    let docs = 0;
    for (const piece of pieces) {
      const name = indexName(piece.envelope.index, piece.envelope, piece.readAtMs);
      if (runs.length === 0) target = name;
      const parts = this.parts(piece, name === target ? undefined : name);
      const done = this.encodePiece(body, bytes, piece, parts, { docs: maxDocs - docs, bytes: maxBytes - bytes });
      runs.push({ docs: done.docs, records: done.records });
      bytes += done.bytes;
      docs += done.docs;
      if (done.records < piece.records) break;
    }
    return { target, bytes, docs, runs };
  }

  private encodePiece(
    body: Region,
    at: number,
    piece: Piece,
    parts: TemplateParts,
    most: { readonly docs: number; readonly bytes: number },
  ): Encoded {
    const { region: src, table, records, start: base, fates } = piece;
    assert(src !== undefined, "a piece without its bytes");
    const constants = body.length - templateBytes(parts);
    const settled = constants - (fates?.length ?? 0);
    const capacity = Math.min(most.bytes, settled - SLACK - at);
    if (capacity <= 0) return { docs: 0, bytes: 0, consumed: 0, records: 0 };
    const template = writeTemplate(this.arena, body, constants, parts);
    if (fates !== undefined) this.arena.view(body, settled, constants).set(fates);
    const target = {
      dst: body,
      dstFrom: at,
      capacity,
      template,
      maxDocs: most.docs,
      verdicts: fates === undefined ? undefined : body,
      first: settled,
    };
    return table === undefined
      ? this.kernel.encode({ ...target, src, from: 0, length: src.length, base })
      : this.kernel.encodeTable({ ...target, src, table, records, record: 0, base });
  }

  private parts({ envelope, source, readAtMs }: Piece, index: string | undefined): TemplateParts {
    const { operation, ids } = this.options;
    const text = this.text(envelope);
    const action = `{"${operation}":{${index === undefined ? "" : `"_index":${JSON.stringify(index)}`}`;
    const opening = `{"@timestamp":"`;
    const comma = index === undefined ? "" : ",";
    const [head, middle] =
      ids === "offset" ? [`${action}${comma}"_id":"${source.id}-`, `"}}\n${opening}`] : [`${action}}}\n${opening}`, ""];
    return { head, middle, time: new Date(readAtMs).toISOString(), lead: `","message":"`, ...text };
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

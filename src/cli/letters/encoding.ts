// Encodes dead letters as their original documents. Each becomes a piece of one record with its own id, time, level and fields.
import type { StoredDeadLetter } from "../../buffer/inspect/dead-letters.ts";
import type { LetterDocument } from "../../buffer/spool/spool.ts";
import type { Region } from "../../core/arena.ts";
import { TABLE, TABLE_ENTRY } from "../../core/chunk.ts";
import type { Piece } from "../../core/output.ts";
import type { Body, Prepared, Resender } from "./resend.ts";

export class LetterEncoder {
  private readonly resender: Resender;

  constructor(resender: Resender) {
    this.resender = resender;
  }

  /** @param letters all of one index, each with body and document @returns the same as `Sending.encode` */
  encode(letters: readonly StoredDeadLetter[]): Body {
    return this.resender.body((most) => this.prepare(letters.slice(0, most)));
  }

  /** Prepares as many letters as the arena has room for. */
  private prepare(letters: readonly StoredDeadLetter[]): Prepared {
    const { arena } = this.resender;
    const pieces: (Piece & { region: Region; table: Region })[] = [];
    for (const letter of letters) {
      const piece = this.piece(letter);
      if (!piece) break;
      pieces.push(piece);
    }
    const release = (): void => {
      for (const one of pieces.flatMap((piece) => [piece.region, piece.table])) arena.release(one);
    };
    return { pieces, docs: pieces.length, release };
  }

  /** Undefined if the arena has no room now. */
  private piece(letter: StoredDeadLetter): (Piece & { region: Region; table: Region }) | undefined {
    const { arena } = this.resender;
    const [record, document] = [letter.body as Buffer, letter.document as LetterDocument];
    const region = arena.alloc(record.length);
    const table = region && arena.alloc(TABLE_ENTRY);
    if (!region || !table) {
      if (region) arena.release(region);
      return undefined;
    }
    arena.view(region).set(record);
    const entry = arena.view(table);
    entry.writeUInt32LE(record.length, TABLE.end);
    entry.writeUInt32LE(0, TABLE.start);
    entry.writeUInt32LE(letter.bytes, TABLE.length);
    entry.writeUIntLE(document.weight, TABLE.weight, 3);
    entry[TABLE.kind] = document.kind;
    entry.writeDoubleLE(document.time ?? NaN, TABLE.time);
    const { input, path, index, source, offset: start } = letter;
    const { host, fields, readAtMs } = document;
    const envelope = { id: 0, input, path, host, fields, index, policy: "" };
    return { source: { id: source }, envelope, start, region, table, records: 1, readAtMs, fates: undefined };
  }
}

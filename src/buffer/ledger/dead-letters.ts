// Dead letters: records that the server refused for good. Each is kept with the server's reason, and stored in the
// transaction that commits its fate. Dead letters that were evicted to stay within their budget are logged: the first at
// once, further ones as sums once a minute.
import { TABLE, TABLE_ENTRY } from "../../core/chunk.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Refusal } from "../../core/output.ts";
import type { Chunk } from "../chunk.ts";
import { recordSpans } from "../records.ts";
import type { DeadLetter, Evicted, LetterDocument } from "../spool/spool.ts";
import type { BufferState } from "../state.ts";

/** Dead letters that may wait for a commit. One batch may exceed this by its number of records. */
const MOST_WAITING = 4000;

/** False: a commit has to come first. Records that the server refuses until then stay open. */
export function mayRefuse(state: BufferState): boolean {
  return state.deadLetters < MOST_WAITING;
}

/** Whether records of any chunk may become dead letters now. False: a commit is due at once. */
export function keepsLetters(state: BufferState): boolean {
  return mayRefuse(state) && state.deadLetterBytes <= state.quotas.deadLetters / 2;
}

/**
 * The same for records of one chunk. Dead letters are stored only when their whole chunk is settled. So a chunk that has some
 * may always add more; otherwise its open records and its dead letters would wait for each other. Any other chunk also waits
 * until waiting bodies fill at most half of their quota.
 */
export function mayRefuseOf(state: BufferState, chunk: Chunk, may: boolean): boolean {
  return chunk.deadLetters !== undefined || (may && state.deadLetterBytes <= state.quotas.deadLetters / 2);
}

/** @param refusals by number of the record in the chunk @param index where the documents were sent */
export function addDeadLetters(
  state: BufferState,
  chunk: Chunk,
  refusals: ReadonlyMap<number, Refusal>,
  index: string,
): void {
  const { envelope, region, start } = chunk;
  const spans = recordSpans(state.arena, chunk);
  const letters: DeadLetter[] = (chunk.deadLetters ??= []);
  const atMs = state.clock.wall();
  for (const [record, { status, type, reason }] of refusals) {
    const [from, to] = [spans.from[record] as number, spans.to[record] as number];
    const keeps = state.deadLetterBytes + to - from <= state.quotas.deadLetters;
    const body = keeps ? state.arena.bytes.slice((region?.ptr ?? 0) + from, (region?.ptr ?? 0) + to) : undefined;
    state.deadLetterBytes += body?.length ?? 0;
    state.deadLetters++;
    const where = { input: envelope.input, source: chunk.source.id, path: envelope.path };
    const what = { offset: start + (spans.start[record] as number), bytes: spans.size[record] as number };
    const document = JSON.stringify(documentOf(state, chunk, record));
    letters.push({ atMs, ...where, ...what, index, status, type, reason, body, document });
  }
}

function documentOf({ arena }: BufferState, { envelope, table, readAtMs }: Chunk, record: number): LetterDocument {
  const { host, fields } = envelope;
  if (!table) return { host, fields, readAtMs, kind: 0, weight: 1, time: null };
  const entry = arena.view(table).subarray(record * TABLE_ENTRY, (record + 1) * TABLE_ENTRY);
  const time = entry.readDoubleLE(TABLE.time);
  const kind = entry[TABLE.kind] as number;
  const weight = entry.readUIntLE(TABLE.weight, 3);
  return { host, fields, readAtMs, kind, weight, time: Number.isNaN(time) ? null : time };
}

const AGAIN_MS = 60_000;
/** Pairs of input and index that are logged separately in one interval. All others are summed up. */
const MOST_TOLD = 64;

export class EvictionLog {
  private readonly clock: Clock;
  private readonly log: Log;
  private waiting = new Map<string, Evicted>();
  private saidMs = -Infinity;

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  note(evicted: readonly Evicted[]): void {
    for (const one of evicted) {
      const full = this.waiting.size >= MOST_TOLD;
      const own = JSON.stringify([one.input, one.index]);
      const key = full && !this.waiting.has(own) ? "" : own;
      const names = key === "" ? { input: "several", index: "several indices" } : {};
      const { records, bytes } = this.waiting.get(key) ?? { records: 0, bytes: 0 };
      const first = this.waiting.get(key) ?? { ...one, ...names };
      this.waiting.set(key, { ...first, records: records + one.records, bytes: bytes + one.bytes });
    }
  }

  /** Logs the sums, at most once a minute. @param when "now" ignores the interval, for shutdown */
  say(when: "in time" | "now" = "in time"): void {
    const now = this.clock.now();
    if (this.waiting.size === 0 || (when === "in time" && now - this.saidMs < AGAIN_MS)) return;
    this.saidMs = now;
    for (const { input, index, records: documents, bytes, status, type } of this.waiting.values()) {
      const many = documents === 1 ? "1 dead letter" : `${documents} dead letters`;
      const what = `${many} of input ${input} for ${index}, refused with ${status} ${type}`;
      const sentence = `${what}, were removed to keep to \`output.dead_letters\` and are lost; listed by: spillway losses list`;
      this.log.warn("dead_letters_evicted", sentence, { input, index, documents, bytes, status, type });
    }
    this.waiting = new Map();
  }
}

// An intake for tests of inputs. Takes drafts, asserts that they keep the contract, and keeps the bytes of each source.
// `restart` behaves as the state database would: known sources keep their identity, checkpoint and tail checksum (mark).
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { Arena, type Region } from "../../src/core/arena.ts";
import { type Draft, type Envelope, TABLE, TABLE_ENTRY } from "../../src/core/chunk.ts";
import type { Count } from "../../src/core/fate.ts";
import type { Intake, Urgency } from "../../src/core/intake.ts";
import type { Identity, KnownSource, Mark, SourceId } from "../../src/core/source.ts";
import { MARK_LENGTH, NO_MARK } from "../../src/core/source.ts";

export interface Taken {
  readonly start: number;
  readonly end: number;
  readonly records: number;
  readonly text: string;
  readonly path: string;
  /** From the envelope. */
  readonly index: string;
  /** From the envelope. */
  readonly fields: Envelope["fields"];
  readonly counted: ReadonlyMap<number, Count>;
  readonly mark: { readonly length: number; readonly hash: number };
  /** Empty for a draft without a table. */
  readonly entries: readonly TakenEntry[];
}

export interface TakenEntry {
  readonly offset: number;
  readonly text: string;
  /** NaN: the entry has no time of its own. */
  readonly time: number;
}

export class FakeSource {
  known: KnownSource;
  state: "alive" | "gone" | "forgotten" = "alive";
  readonly taken: Taken[] = [];
  /** Checksum of the bytes before the origin. */
  readonly firstMark: Mark;

  constructor(known: KnownSource) {
    this.known = known;
    this.firstMark = known.mark;
  }

  get end(): number {
    return this.taken.at(-1)?.end ?? this.known.checkpoint;
  }

  /** All text handed over, in this and earlier lives. */
  get text(): string {
    return this.taken.map((taken) => taken.text).join("");
  }

  get records(): number {
    return this.taken.reduce((sum, taken) => sum + taken.records, 0);
  }

  bytesOf(fate: number): number {
    return this.taken.reduce((sum, taken) => sum + (taken.counted.get(fate)?.bytes ?? 0), 0);
  }
}

export class FakeIntake implements Intake {
  readonly arena: Arena;
  readonly sources = new Map<SourceId, FakeSource>();
  private readonly starts = new Map<string, number>();
  private readonly envelopes = new Map<string, Envelope>();
  /** open: there is room. shut: nobody gets room. at-risk: only reads whose urgency is at-risk get room. */
  private gate: "open" | "shut" | "at-risk" = "open";
  private waiters: (() => void)[] = [];
  private watchers: (() => void)[] = [];
  answering: "at once" | "never" = "at once";
  largestRoom = 0;
  /** Number of calls of `room`. */
  rooms = 0;

  constructor(arena: Arena = new Arena(4 << 20, { poison: 0xa5 })) {
    this.arena = arena;
  }

  known(input: string): readonly KnownSource[] {
    const alive = [...this.sources.values()].filter((source) => source.state !== "forgotten");
    return alive.map((source) => source.known).filter((known) => known.input === input);
  }

  started(input: string): number | undefined {
    return this.starts.get(input);
  }

  start(input: string, atMs: number): void {
    assert.equal(this.started(input), undefined, "a second first start");
    this.starts.set(input, atMs);
  }

  open(known: KnownSource, size: number): void {
    const source = this.sources.get(known.id);
    assert.ok(size >= known.checkpoint, "opened beyond the end of the file");
    if (source === undefined) {
      assert.equal(known.checkpoint, known.origin);
      this.sources.set(known.id, new FakeSource(known));
    } else {
      assert.equal(source.state, "alive", "opened a source that was gone");
      assert.equal(known.checkpoint, source.known.checkpoint);
    }
    this.changed();
  }

  identify(id: SourceId, identity: Identity): void {
    const source = this.source(id);
    source.known = { ...source.known, identity };
    this.changed();
  }

  envelope(facts: Omit<Envelope, "id">): Envelope {
    const key = JSON.stringify(facts);
    const envelope = this.envelopes.get(key) ?? { id: this.envelopes.size + 1, ...facts };
    this.envelopes.set(key, envelope);
    return envelope;
  }

  release(region: Region): void {
    this.arena.unpin(region);
    this.arena.release(region);
  }

  async room(_input: string, bytes: number, signal: AbortSignal, urgency: Urgency = "none"): Promise<Region> {
    this.rooms++;
    this.largestRoom = Math.max(this.largestRoom, bytes);
    for (;;) {
      signal.throwIfAborted();
      const region = this.gate === "open" || this.gate === urgency ? this.arena.alloc(bytes) : undefined;
      if (region !== undefined) {
        this.arena.pin(region);
        return region;
      }
      await new Promise<void>((resolve) => {
        this.waiters.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  get waiting(): number {
    return this.waiters.length;
  }

  shut(): void {
    this.gate = "shut";
  }

  reopen(gate: "open" | "at-risk" = "open"): void {
    this.gate = gate;
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  async admit(draft: Draft): Promise<void> {
    const source = this.source(draft.source);
    assert.notEqual(source.state, "forgotten");
    assert.equal(draft.start, source.end, "a gap between two drafts, or an overlap");
    assert.ok(draft.end > draft.start);
    const text = draft.region === undefined ? "" : this.arena.view(draft.region).toString("latin1");
    let countedBytes = 0;
    for (const count of draft.counted.values()) countedBytes += count.bytes;
    const found = draft.table === undefined ? undefined : this.tableOf(draft, text);
    const keptBytes = found?.bytes ?? text.length;
    assert.equal(keptBytes + countedBytes, draft.end - draft.start, "bytes that are neither kept nor counted");
    const lines = text.split("\n").filter((line) => line !== "" && line !== "\r");
    assert.equal(draft.records, found?.entries.length ?? lines.length);
    assert.equal(draft.records === 0, draft.region === undefined);
    for (const region of [draft.region, draft.table]) if (region !== undefined) this.arena.release(region);
    const { start, end, records, counted, mark } = draft;
    const entries = found?.entries ?? [];
    source.taken.push({
      start,
      end,
      records,
      text,
      path: draft.envelope.path,
      index: draft.envelope.index,
      fields: draft.envelope.fields,
      counted,
      mark,
      entries,
    });
    // For decoded or parsed text (drafts with a table), the source's own bytes are not known here.
    const asItStands = source.taken.every((taken) => taken.entries.length === 0);
    if (asItStands && source.known.origin === 0 && source.text.length === end)
      assert.deepEqual(mark, markOf(source.text));
    this.changed();
  }

  private tableOf({ start, records, table }: Draft, text: string): { entries: TakenEntry[]; bytes: number } {
    const view = this.arena.view(table as Region);
    assert.equal(view.length, records * TABLE_ENTRY);
    const entries: TakenEntry[] = [];
    let [from, bytes] = [0, 0];
    for (let at = 0; at < view.length; at += TABLE_ENTRY) {
      const to = view.readUInt32LE(at + TABLE.end);
      const offset = start + view.readUInt32LE(at + TABLE.start);
      entries.push({ offset, text: text.slice(from, to), time: view.readDoubleLE(at + TABLE.time) });
      bytes += view.readUInt32LE(at + TABLE.length);
      from = to;
    }
    assert.equal(from, text.length);
    return { entries, bytes };
  }

  gone(id: SourceId): void {
    const source = this.source(id);
    assert.notEqual(source.state, "forgotten");
    source.state = "gone";
    this.changed();
  }

  found(id: SourceId): void {
    const source = this.source(id);
    assert.equal(source.state, "gone", "found a source that was not gone");
    source.state = "alive";
    this.changed();
  }

  answered(id: SourceId): boolean {
    assert.notEqual(this.source(id).state, "forgotten");
    return this.answering === "at once";
  }

  forget(id: SourceId): void {
    this.source(id).state = "forgotten";
    this.changed();
  }

  /**
   * Puts the sources in the state that a next process would recover. @param keep how many drafts of a source were durable; the
   * rest is read again
   */
  restart(keep: (source: FakeSource) => number = (source) => source.taken.length): void {
    assert.equal(this.arena.count, 0, "regions left behind");
    for (const source of this.sources.values()) {
      source.taken.splice(keep(source));
      const last = source.taken.at(-1);
      const { origin, checkpoint } = source.known;
      if (last !== undefined) source.known = { ...source.known, checkpoint: last.end, mark: last.mark };
      else if (checkpoint !== origin) source.known = { ...source.known, checkpoint: origin, mark: source.firstMark };
      if (source.state === "gone") source.state = "alive";
    }
  }

  /** The text of each source, in the order in which the sources were opened. */
  get texts(): string[] {
    return [...this.sources.values()].map((source) => source.text);
  }

  get text(): string {
    return this.texts.join("");
  }

  /** Resolves once `holds` returns true. Checked after every call of the intake, and at least every 20 ms. */
  async until(holds: () => boolean, what: string | (() => string), ms = 40_000): Promise<void> {
    const deadline = performance.now() + ms;
    while (!holds()) {
      if (performance.now() > deadline)
        assert.fail(
          `waited in vain for: ${typeof what === "string" ? what : what()}; have ${JSON.stringify(this.texts).slice(0, 500)}`,
        );
      await new Promise<void>((resolve) => {
        this.watchers.push(resolve);
        setTimeout(resolve, 20);
      });
    }
  }

  private changed(): void {
    for (const watcher of this.watchers.splice(0)) watcher();
  }

  private source(id: SourceId): FakeSource {
    const source = this.sources.get(id);
    assert.ok(source !== undefined, `unknown source ${id}`);
    return source;
  }
}

export function markOf(text: string): { length: number; hash: number } {
  const tail = Buffer.from(text.slice(-MARK_LENGTH), "latin1");
  return tail.length === 0 ? NO_MARK : { length: tail.length, hash: crc32(tail) };
}

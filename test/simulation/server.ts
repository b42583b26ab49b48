// The simulated destination with its faults: slow, hanging, down, losing responses, or refusing by item, index or size. Stores
// documents by id. Fails if a process sends a record again after it was told that the record is settled.
import {
  EXISTS,
  type Output,
  REFUSED,
  RETRY,
  type Refusal,
  STORED,
  type SendReport,
  UNCLEAR,
} from "../../src/core/output.ts";
import type { SimFile } from "./files.ts";
import type { Life, VirtualClock } from "./virtual-clock.ts";
import { type Dice, fail } from "./violation.ts";

export type Mood = "denied" | "unavailable" | "half" | "mapping" | "odd" | "poison" | "chokes" | "hangs";

export interface ServerWeather {
  latency: readonly [number, number];
  /** down: no connection. hang: no response before the time-out. lost: stores, but the response is lost. busy: 429 for all.
   *  denies: 401 for all. */
  state: "up" | "down" | "hang" | "lost" | "busy" | "denies";
  /** Largest body in bytes; 0: no limit. */
  most: number;
  /** Faults of single indices. denied: a 403. unavailable: every item must be retried. half: half of the items must be. mapping:
   *  some documents are refused for good. odd: every item fails with an unknown error; poison: some documents do. chokes:
   *  cannot read bodies with some of the documents. hangs: no response before the time-out. */
  indices: Map<string, Mood>;
}

export function clear(): ServerWeather {
  return { latency: [5, 50], state: "up", most: 0, indices: new Map() };
}

const TIMEOUT_MS = 30_000;

export class Server {
  weather = clear();
  /** By index and id: the file and the number of the record. */
  readonly stored = new Map<string, { readonly file: SimFile; readonly record: number }>();
  readonly dice: Dice;
  readonly clock: VirtualClock;
  /** By every id that a file has or had. */
  readonly files = new Map<string, SimFile>();
  /** Ids sent while the disk did not work, before they were durable, as is allowed. These may be repeated under another id. */
  readonly exempt = new Set<string>();
  /** Ids of documents that caused a refusal. Only these may become dead letters. */
  readonly toBlame = new Set<string>();
  sent = 0;
  /** Number of outputs not yet closed. */
  open = 0;

  constructor(dice: Dice, clock: VirtualClock) {
    this.dice = dice;
    this.clock = clock;
  }

  /** The output of one process. @param unsafe whether a crash could now lose ids, because the disk does not work */
  output(life: Life, unsafe: () => boolean): Output {
    const settled = new Set<string>();
    let closed = false;
    this.open++;
    return {
      wireBytes: 0,
      hosts: [],
      connect: async (signal) => {
        await this.wait(life, this.dice.between(...this.weather.latency), signal);
        if (this.weather.state === "down" || this.weather.state === "hang") throw new Error("no connection");
        return { name: "a server" };
      },
      send: async (target, body, docs, signal) => {
        if (closed) fail("a body is sent after the output was closed");
        const items = this.parse(target, body, docs);
        for (const { key, id } of items) {
          if (settled.has(key)) fail(`${key} is sent again though it was settled`);
          if (unsafe()) this.exempt.add(id);
        }
        return this.answer(life, items, body.length, signal, settled);
      },
      close: () => {
        closed = true;
        this.open--;
        return Promise.resolve();
      },
    };
  }

  private wait(life: Life, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.after(ms, resolve, life);
      signal.addEventListener("abort", () => {
        timer.cancel();
        resolve();
      });
    });
  }

  private parse(target: string, body: Buffer, docs: number): Item[] {
    const lines = body.toString("latin1").split("\n");
    if (lines.length !== 2 * docs + 1 || lines.at(-1) !== "")
      fail(`a body of ${docs} documents has ${lines.length} lines`);
    const items: Item[] = [];
    for (let i = 0; i < docs; i++) {
      const [, source = "", offset = ""] = /"_id":"([0-9a-f]{24})-(\d+)"/.exec(lines[2 * i] as string) ?? [];
      const index = /"_index":"([^"]*)"/.exec(lines[2 * i] as string)?.[1] ?? target;
      const [, name, number] = /"message":"([^:]*):(\d+):/.exec(lines[2 * i + 1] as string) ?? [];
      const file = this.files.get(source);
      if (file?.name !== name) fail(`a document of ${name} says that it is of source ${source}`);
      const record = (file as SimFile).recordAt(Number(offset));
      if (record !== Number(number)) fail(`record ${number} of ${name} is sent as record ${record}`);
      items.push({
        key: `${index} ${source}-${offset}`,
        id: `${source}-${offset}`,
        index,
        file: file as SimFile,
        record,
      });
    }
    return items;
  }

  private async answer(
    life: Life,
    items: readonly Item[],
    bytes: number,
    signal: AbortSignal,
    settled: Set<string>,
  ): Promise<SendReport> {
    const { weather, dice } = this;
    this.sent += items.length;
    const lost: SendReport = { kind: "unanswered", why: "the answer was lost" };
    if (weather.state === "down") {
      await this.wait(life, dice.between(0, 20), signal);
      return { kind: "unanswered", why: "no connection", sent: "nothing" };
    }
    if (weather.state === "hang" || items.some(({ index }) => weather.indices.get(index) === "hangs")) {
      await this.wait(life, TIMEOUT_MS, signal);
      return { kind: "unanswered", why: "no answer within 30 s" };
    }
    const latency = dice.between(...weather.latency);
    // The server may still carry out a request that its client has given up.
    const stores = dice.chance(0.5);
    const before = dice.chance(0.5);
    const report = before ? this.carryOut(items, bytes) : undefined;
    await this.wait(life, latency, signal);
    if (signal.aborted || life.over) {
      if (!before && stores) this.carryOut(items, bytes);
      return { kind: "unanswered", why: "given up" };
    }
    const answer = report ?? this.carryOut(items, bytes);
    if (weather.state === "lost") return lost;
    if (answer.kind === "stored") for (const { key } of items) settled.add(key);
    if (answer.kind === "mixed") {
      for (const [i, { key }] of items.entries()) {
        if (answer.verdicts[i] === STORED || answer.verdicts[i] === EXISTS) settled.add(key);
      }
    }
    return answer;
  }

  private carryOut(items: readonly Item[], bytes: number): SendReport {
    const { weather, dice } = this;
    if (weather.state === "busy")
      return {
        kind: "busy",
        why: "429",
        isPressure: dice.chance(0.5),
        retryAfterMs: dice.chance(0.3) ? 2000 : undefined,
      };
    if (weather.state === "denies") return { kind: "denied", by: "server", why: "401", hint: "check output.auth" };
    if (weather.most > 0 && bytes > weather.most) {
      if (items.length === 1) this.toBlame.add((items[0] as Item).id);
      return {
        kind: "indigestible",
        refusal: { status: 413, type: "too large", reason: "" },
        why: "size",
        isCertain: true,
      };
    }
    const choking = items.find(({ index, record }) => weather.indices.get(index) === "chokes" && record % 50 === 7);
    if (choking) {
      if (items.length === 1) this.toBlame.add(choking.id);
      const refusal = { status: 400, type: "illegal_argument_exception", reason: "cannot be parsed" };
      return { kind: "indigestible", refusal, why: "content", isCertain: true };
    }
    const verdicts = new Uint8Array(items.length);
    const refusals = new Map<number, Refusal>();
    let busy = false;
    for (const [i, item] of items.entries()) {
      const mood = weather.indices.get(item.index);
      const passes =
        mood === undefined ||
        mood === "chokes" ||
        (mood === "half" && dice.chance(0.5)) ||
        (mood === "mapping" && dice.chance(0.7));
      const poisoned = mood === "poison" && item.record % 7 === 0;
      if (passes || this.stored.has(item.key) || (mood === "poison" && !poisoned)) verdicts[i] = this.store(item);
      else if (mood === "mapping") {
        verdicts[i] = REFUSED;
        refusals.set(i, { status: 400, type: "mapper_parsing_exception", reason: "no" });
        this.toBlame.add(item.id);
      } else if (poisoned || mood === "odd") {
        verdicts[i] = UNCLEAR;
        refusals.set(i, { status: 400, type: "strange_exception", reason: "no" });
        if (poisoned) this.toBlame.add(item.id);
      } else {
        verdicts[i] = RETRY;
        busy ||= mood === "half";
      }
    }
    const denied = items.every(({ index }) => weather.indices.get(index) === "denied");
    if (denied && verdicts.every((v) => v === RETRY))
      return { kind: "denied", by: "target", why: "403", hint: "give rights" };
    if (verdicts.every((v) => v === STORED)) return { kind: "stored" };
    return { kind: "mixed", verdicts, refusals, busy, why: "some were not stored", hint: "" };
  }

  private store({ key, file, record, id }: Item): number {
    if (this.stored.has(key)) return EXISTS;
    for (const former of file.formerIds) {
      const twice = `${former}-${file.offsets[record]}`;
      if (twice !== id && this.storedIds.has(twice) && !this.exempt.has(twice))
        fail(`${twice} is stored again as ${id}`);
    }
    this.stored.set(key, { file, record });
    this.storedIds.add(id);
    return STORED;
  }

  private readonly storedIds = new Set<string>();

  hasId(id: string): boolean {
    return this.storedIds.has(id);
  }

  /** Whether the record is stored, under any id of its file. */
  has(file: SimFile, record: number): boolean {
    const offset = file.offsets[record];
    return [file.id, ...file.formerIds].some((id) => this.storedIds.has(`${id}-${offset}`));
  }
}

interface Item {
  readonly key: string;
  readonly id: string;
  readonly index: string;
  readonly file: SimFile;
  readonly record: number;
}

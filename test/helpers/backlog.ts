// Writes a state directory with a large backlog, as an agent leaves after a long outage of its output. Uses the real store and
// reads no log file; the files of the sources need not exist.
import { openForWriting } from "../../src/buffer/spool/database.ts";
import { HEAD, HEAD_WIDTH } from "../../src/buffer/spool/rows/heads.ts";
import type { RowGroup, SourceRow, Transaction } from "../../src/buffer/spool/spool.ts";
import { Store } from "../../src/buffer/spool/store.ts";
import { emptyAccount } from "../../src/buffer/ledger/ledger.ts";
import { systemClock } from "../../src/core/clock.ts";
import { NO_MARK, newSourceId } from "../../src/core/source.ts";

/** One input of the backlog, with its ladder and its target. */
export interface BacklogInput {
  readonly input: string;
  readonly policy: string;
  readonly target: string;
  /** Paths of the sources. Rows go to them round robin. */
  readonly paths: readonly string[];
}

export interface BacklogOptions {
  readonly inputs: readonly BacklogInput[];
  /** Total over all inputs. Rows go to the inputs round robin. */
  readonly rows: number;
  /** Size of each row. */
  readonly bytes: number;
  /** Age of the oldest row. Read times are spread evenly from then until now. */
  readonly ageMs?: number;
}

const PER_TRANSACTION = 4000;
const VARIANTS = 64;

interface Source {
  readonly row: SourceRow;
  readonly queue: number;
  end: number;
}

export interface Backlog {
  readonly rows: number;
  readonly records: number;
  readonly bytes: number;
}

/** @param directory the state directory; created */
export function writeBacklog(directory: string, options: BacklogOptions): Backlog {
  const { inputs, rows, bytes, ageMs = 60_000 } = options;
  const texts = Array.from({ length: VARIANTS }, (_, i) => accessLog(i, bytes));
  const arena = Buffer.concat(texts);
  const records = texts.map((text) => text.reduce((n, byte) => n + Number(byte === 10), 0));
  const { db, lock } = openForWriting(directory);
  const store = new Store(db, directory, arena, { deadLetters: 1 << 20 });
  const lists = inputs.map((one, i) => sourcesOf(one, i, inputs));
  const envelopes = inputs.flatMap(({ input, policy, target, paths }, i) =>
    paths.map((path, j) => {
      const { num } = ((lists[i] as Source[])[j] as Source).row;
      return { id: num, input, path, host: "h", fields: {}, index: target, policy };
    }),
  );
  const queues = inputs.map(({ policy, target }, i) => ({ id: i + 1, policy, target }));
  const started = systemClock.wall() - ageMs;
  const sum = { rows, records: 0, bytes: 0 };
  for (let at = 0, number = 1; at < rows; at += PER_TRANSACTION, number++) {
    const taken = Math.min(PER_TRANSACTION, rows - at);
    const heads = new Float64Array(taken * HEAD_WIDTH);
    const groups: RowGroup[] = [];
    const ledger = [];
    const used = new Set<Source>();
    let n = 0;
    for (const [i, { input }] of inputs.entries()) {
      const account = emptyAccount();
      const list = lists[i] as Source[];
      const before = n;
      for (let seq = firstOf(at, i, inputs.length); seq < at + taken; seq += inputs.length) {
        const source = list[Math.floor(seq / inputs.length) % list.length] as Source;
        const variant = seq % VARIANTS;
        const text = texts[variant] as Buffer;
        const h = heads.subarray(n * HEAD_WIDTH, ++n * HEAD_WIDTH);
        const read = Math.round(started + (ageMs * seq) / rows);
        h.set([source.queue, seq + 1, source.row.num, source.row.num, source.end, source.end + text.length]);
        h[HEAD.records] = records[variant] as number;
        h[HEAD.bytes] = text.length;
        h[HEAD.readAtMs] = read;
        h[HEAD.agedMs] = read;
        h[HEAD.length] = text.length;
        h[HEAD.data] = variant * (texts[0] as Buffer).length;
        source.end += text.length;
        account.read.records += records[variant] as number;
        account.read.bytes += text.length;
        used.add(source);
      }
      if (n > before) groups.push({ queue: i + 1, input, rows: n - before });
      ledger.push({ input, account, retired: 0 });
      sum.records += account.read.records;
      sum.bytes += account.read.bytes;
    }
    const transaction: Transaction = {
      ...{
        full: false,
        forgotten: [],
        removed: new Float64Array(0),
        moves: new Float64Array(0),
        losses: [],
        deadLetters: [],
        starts: [],
      },
      sources: (number === 1 ? lists.flat() : [...used]).map(({ row, end }) => ({ ...row, checkpoint: end })),
      envelopes: number === 1 ? envelopes : [],
      queues: number === 1 ? queues : [],
      ...{ rows: heads, groups, ledger },
      meta: { nextSeq: at + taken + 1, age: { agedMs: 0, wallMs: 0, boot: "", upMs: 0 }, limits: {} },
    };
    store.commit(transaction, number);
  }
  store.close();
  lock.close();
  return sum;
}

/** The first sequence number from `at` on that belongs to this input in the round robin. */
function firstOf(at: number, input: number, inputs: number): number {
  return at + ((((input - at) % inputs) + inputs) % inputs);
}

function sourcesOf({ input, paths }: BacklogInput, index: number, inputs: readonly BacklogInput[]): Source[] {
  const before = inputs.slice(0, index).reduce((n, other) => n + other.paths.length, 0);
  return paths.map((path, i) => {
    const identity = { path, device: "", inode: String(before + i + 1), birthNs: "0", headLength: 1, headHash: 0 };
    const row = { num: before + i + 1, id: newSourceId(), input, identity, origin: 0, checkpoint: 0, mark: NO_MARK };
    return { row, queue: index + 1, end: 0 };
  });
}

/** Exactly `bytes` bytes of access log lines, which compress like a real log, about 5:1. */
function accessLog(seed: number, bytes: number): Buffer {
  let x = seed * 2654435761 + 1;
  const next = (n: number): number => (x = (x * 1103515245 + 12345) >>> 0) % n;
  let text = "";
  while (text.length < bytes) {
    text += `203.0.113.${next(256)} - - [24/Nov/2026:06:${10 + next(50)}:${10 + next(50)} +0000] "GET /api/items/${next(100000)}?session=${next(1e9).toString(36)} HTTP/1.1" ${[200, 304, 404][next(3)]} ${next(60000)} "-" "Mozilla/5.0 Chrome/${100 + next(40)}.0" rt=0.${next(1000)}\n`;
  }
  return Buffer.from(
    `${text
      .slice(0, bytes - 1)
      .trimEnd()
      .padEnd(bytes - 1, "#")}\n`,
  );
}

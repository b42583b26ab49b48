// Makes a state directory to be damaged: rows of all sizes in two queues, free pages left by delivered rows, and a WAL of several
// commits that add and remove rows. Records what SQLite can read after each of these commits.
import { cpSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { addTo, emptyAccount } from "../../src/buffer/ledger/ledger.ts";
import { Arena } from "../../src/core/arena.ts";
import { DELIVERED } from "../../src/core/fate.ts";
import { Disk } from "../buffer/disk.ts";
import { type RowSpec, adding, noise, pairs } from "../buffer/spool/rows.ts";
import { Dice } from "../simulation/violation.ts";
import { type Readable, readable } from "./oracle.ts";

export interface Template {
  readonly directory: string;
  /** What is readable before the first commit in the WAL, and after each of them. */
  readonly commits: readonly Commit[];
  /** Checksums of all rows that ever existed, by queue and sequence number. */
  readonly ever: ReadonlyMap<string, number>;
}

export interface Commit extends Readable {
  /** Length of the WAL in bytes at the end of this commit. */
  readonly end: number;
}

const COMMITS_IN_WAL = 6;
const INPUTS = ["a", "b"];
/** Per input. */
const SOURCES = 3;
/** Large enough for all rows, since no region is released. */
const ARENA = 64 << 20;

/** @param directory for the template; created */
export function makeTemplate(directory: string, seed = 1): Template {
  const live = join(directory, "live");
  mkdirSync(live, { recursive: true });
  const rows = new Rows(live, new Dice(seed));
  const ever = new Map<string, number>();
  const commits: Commit[] = [];
  const look = (): Commit => {
    const found = { ...readableIn(live, join(directory, "look")), end: walSize(live) };
    for (const [row, sum] of found.sums) ever.set(row, sum);
    return found;
  };
  for (let i = 0; i < 8; i++) rows.commit(40, 0);
  look();
  for (let i = 0; i < 4; i++) rows.commit(1, 30);
  rows.checkpoint();
  commits.push(look());
  for (let i = 0; i < COMMITS_IN_WAL; i++) {
    rows.commit(8, i % 2 === 0 ? 5 : 20);
    commits.push(look());
  }
  const kept = join(directory, "state");
  copyState(live, kept);
  rows.close();
  rmSync(live, { recursive: true });
  return { directory: kept, commits, ever };
}

/** Copies a state without the WAL index (-shm), as after a kill and a reboot. */
export function copyState(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith("-shm") });
}

function walSize(directory: string): number {
  return statSync(join(directory, "state.db-wal"), { throwIfNoEntry: false })?.size ?? 0;
}

function readableIn(live: string, copy: string): Readable {
  copyState(live, copy);
  try {
    return readable(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

type Spec = RowSpec & { readonly queue: number; readonly input: string; readonly data: Uint8Array };

/** Makes rows that are contiguous within their sources, so that the ledger balances. */
class Rows {
  private readonly disk: Disk;
  private readonly dice: Dice;
  private readonly waiting: Spec[] = [];
  private readonly ends = new Map<number, number>();
  private seq = 0;
  private commits = 0;

  constructor(directory: string, dice: Dice) {
    this.disk = new Disk(new Arena(ARENA), directory);
    this.disk.db.pragma("wal_autocheckpoint = 0");
    this.dice = dice;
  }

  /** Commits a transaction that adds rows and removes others as delivered. */
  commit(added: number, removed: number): void {
    const queue = this.dice.int(INPUTS.length);
    const specs = Array.from({ length: added }, () => this.next(queue));
    const accounts = new Map(INPUTS.map((input) => [input, emptyAccount()]));
    const gone = Array.from({ length: removed }, () => {
      const [row] = this.waiting.splice(this.dice.int(this.waiting.length), 1) as [Spec];
      addTo(accounts.get(row.input)?.fates[DELIVERED], 1, row.data.length);
      return [row.queue, row.seq] as const;
    });
    for (const { input, data } of specs) addTo(accounts.get(input)?.read, 1, data.length);
    this.waiting.push(...specs);
    const ledger = [...accounts].map(([input, account]) => ({ input, account, retired: 0 }));
    const sorted = gone.toSorted(([a, x], [b, y]) => a - b || x - y);
    const transaction = adding(this.disk.arena, specs, { removed: pairs(...sorted), ledger });
    this.disk.store.commit(transaction, ++this.commits);
  }

  private next(queue: number): Spec {
    const { dice, ends } = this;
    const source = 1 + queue * SOURCES + dice.int(SOURCES);
    const start = ends.get(source) ?? 0;
    const data = noise(dice.chance(0.1) ? 100_000 + dice.int(200_000) : 200 + dice.int(12_000), this.seq + 1);
    ends.set(source, start + data.length);
    return { seq: ++this.seq, queue: queue + 1, input: INPUTS[queue] as string, source, envelope: source, start, data };
  }

  checkpoint(): void {
    this.disk.db.pragma("wal_checkpoint(TRUNCATE)");
  }

  close(): void {
    this.disk.close();
  }
}

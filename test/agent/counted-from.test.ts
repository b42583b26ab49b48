import assert from "node:assert/strict";
import { test } from "node:test";
import { type CountedFrom, countFrom } from "../../src/agent/counted-from.ts";
import { type Account, addTo, emptyAccount } from "../../src/buffer/ledger/ledger.ts";
import { DEAD, DROPPED_LETTER } from "../../src/core/fate.ts";

class Books {
  readonly accounts = new Map<string, Account>();
  private from: CountedFrom | undefined;
  private ended: ReadonlyMap<string, Account> | undefined;

  read(id: string, records: number): void {
    const account = this.accounts.get(id) ?? emptyAccount();
    this.accounts.set(id, account);
    addTo(account.read, records, 10 * records);
    addTo(account.fates[1], records, 10 * records);
  }

  configure(...inputs: string[]): void {
    const last = this.from && { counted: this.from, ended: this.ended ?? this.accounts };
    this.from = countFrom(last, this.accounts, inputs);
    this.ended = undefined;
  }

  /** The agent ends, and what it had read last was in memory alone. */
  forget(id: string, records: number): void {
    this.ended = structuredClone(this.accounts);
    this.read(id, -records);
  }

  /** The counters of the inputs, then those of `(retired)`. Checks that bytes and fates are counted alike. */
  counters(): number[] {
    const { inputs, own, retired } = this.from as CountedFrom;
    const counted = (of: readonly Account[], base: Account): number => {
      const [read, bytes, fate] = [
        (a: Account): number => a.read.records,
        (a: Account): number => a.read.bytes,
        (a: Account): number => a.fates[1]?.records ?? NaN,
      ].map((value) => of.reduce((sum, account) => sum + value(account), 0) - value(base)) as [number, number, number];
      assert.deepEqual([bytes, fate], [10 * read, read]);
      return read;
    };
    const others = [...this.accounts].filter(([id]) => !inputs.has(id)).map(([, account]) => account);
    return [
      ...[...inputs].map((id) => counted([this.accounts.get(id) ?? emptyAccount()], own.get(id) ?? emptyAccount())),
      counted(others, retired),
    ];
  }
}

test("an input counts while it is configured, and while it is not it counts as retired", () => {
  const books = new Books();
  books.read("a", 100);
  books.read("old", 1000);
  books.configure("a", "b");
  books.read("a", 3);
  books.read("b", 5);
  books.read("old", 7);
  assert.deepEqual(books.counters(), [3, 5, 7]);
  books.configure("b");
  assert.deepEqual(books.counters(), [5, 7], "the past of an input that is removed is not moved");
  books.read("a", 20);
  assert.deepEqual(books.counters(), [5, 27]);
  books.configure("b", "a");
  assert.deepEqual(books.counters(), [5, 3, 27], "nor is what was done for it meanwhile");
  books.read("a", 1);
  books.configure("b", "a", "old");
  books.read("old", 9);
  assert.deepEqual(books.counters(), [5, 4, 9, 27]);
});

test("what others have sent since the start counts as retired once it is seen", () => {
  const books = new Books();
  books.configure("a");
  books.read("(backfill)", 4);
  books.configure("a");
  assert.deepEqual(books.counters(), [0, 4]);
});

test("what was in memory alone is missing in the ledger of the next agent, and counts again when it is read again", () => {
  const books = new Books();
  books.configure("a", "b");
  books.read("a", 100);
  books.read("b", 5);
  books.forget("a", 30);
  books.configure("a");
  assert.deepEqual(books.counters(), [100, 0]);
  books.read("a", 40);
  assert.deepEqual(books.counters(), [140, 0]);
  books.read("b", 3);
  books.forget("b", 2);
  books.configure("a", "b");
  assert.deepEqual(books.counters(), [140, 5, 3]);
});

test("the ledger is lost: no counter falls", () => {
  const books = new Books();
  books.configure("a");
  books.read("a", 100);
  books.read("old", 7);
  books.forget("a", 100);
  books.accounts.delete("old");
  books.configure("a");
  assert.deepEqual(books.counters(), [100, 7]);
  books.read("old", 1);
  assert.deepEqual(books.counters(), [100, 8]);
});

test("dead letters that the next agent finds evicted count once", () => {
  const account = (dead: number, evicted: number): Account => {
    const made = emptyAccount();
    addTo(made.fates[DEAD], dead, 10 * dead);
    addTo(made.fates[DROPPED_LETTER], evicted, 10 * evicted);
    return made;
  };
  for (const [now, counter] of [
    [account(4, 6), 10],
    [account(7, 4), 11],
    [account(3, 2), 10],
    [account(9, 0), 10],
  ] as const) {
    const last = { counted: countFrom(undefined, new Map(), ["a"]), ended: new Map([["a", account(8, 2)]]) };
    const from = countFrom(last, new Map([["a", now]]), ["a"]).own.get("a") as Account;
    const since = [DEAD, DROPPED_LETTER].map(
      (fate) => (now.fates[fate]?.records ?? 0) - (from.fates[fate]?.records ?? 0),
    );
    assert.equal((since[0] ?? NaN) + (since[1] ?? NaN), counter);
    assert.ok((since[1] ?? NaN) >= 2, "nor do those that were evicted become fewer");
  }
});

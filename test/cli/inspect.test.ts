// The commands that read a state directory, as a user runs them, while the agent runs and after it has stopped.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openForWriting } from "../../src/buffer/spool/database.ts";
import { systemClock } from "../../src/core/clock.ts";
import { inspectLines } from "../../src/cli/state/inspect-report.ts";
import { findSources } from "../../src/cli/state/source-files.ts";
import { NOTHING_STORED } from "../../src/buffer/inspect/inspect.ts";
import type { InputBooks } from "../../src/buffer/inspect/violations.ts";
import { emptyAccount } from "../../src/buffer/ledger/ledger.ts";
import { REPLAY } from "../../src/buffer/ledger/sent-again.ts";
import { type Count, DEAD, DELIVERED, type Fate } from "../../src/core/fate.ts";
import { LINES, makeState, remove, UNREAD } from "../helpers/state-directory.ts";
import type { Made } from "../helpers/state-directory.ts";
import { runBin } from "./run-bin.ts";

let made: Made;
before(async () => void (made = await makeState()));
after(() => remove(made));

const READ = LINES.join("").length;

test("inspect: the verdict comes first, then what explains it", async () => {
  const { code, out, err } = await runBin(["inspect", "--path", made.state]);
  assert.equal(code, 0);
  const [verdict = "", ...rest] = out.split("\n");
  const lost = String.raw`1 sampled out \(5 B\), 2 dropped \(oldest\) \(9 B\)`;
  const says = `: 4 records \\(21 B\\) buffered, the oldest for 1m0.s; ${lost}; 1 document refused by the server; the ledger balances$`;
  assert.match(verdict, new RegExp(says));
  const text = rest.join("\n");
  assert.match(text, /^Buffered: 2 chunks, 4 records, 21 B of log stored in [0-9]+ B, read from 2\S+Z to 2\S+Z$/m);
  assert.match(text, new RegExp(`^read +10 +${READ}$`, "m"));
  assert.match(text, /^balance +0 +0$/m);
  assert.match(text, /^app +10 +2 +3 +1 +4 +0$/m);
  assert.match(text, new RegExp(`^app +${READ} +${READ + UNREAD.length} +${UNREAD.length} +${made.log}$`, "m"));
  assert.match(err, new RegExp(`spillway losses list --path ${made.state}\n.*spillway dead-letters list --path`));
});

test("inspect --json: the ledger has the shape of /status", async () => {
  const { code, out, err } = await runBin(["inspect", "--path", made.state, "--json"]);
  assert.deepEqual([code, err], [0, ""]);
  const doc = JSON.parse(out);
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  assert.deepEqual([doc.version, doc.path, doc.sound, doc.violations], [version, made.state, true, []]);
  assert.deepEqual(doc.ledger.read, { records: 10, bytes: READ });
  assert.deepEqual(doc.ledger.dropped.oldest, { records: 2, bytes: 9 });
  assert.deepEqual(doc.ledger.balance, { records: 0, bytes: 0 });
  assert.deepEqual(doc.inputs.app.ledger, doc.ledger);
  assert.equal(doc.inputs.app.lag_bytes, UNREAD.length);
  assert.deepEqual([doc.buffer.chunks, doc.buffer.records, doc.buffer.bytes], [2, 4, 21]);
  assert.ok(doc.buffer.oldest_seconds >= 60 && doc.buffer.disk.bytes > 0);
  const { id, input, path, path_now: now, file, offset, size_bytes: size } = doc.sources[0];
  assert.deepEqual([id, input, path, now, file], [made.source.id, "app", made.log, made.log, "there"]);
  assert.deepEqual([offset, size], [READ, READ + UNREAD.length]);
});

test("a file that goes by another name, is unreadable, replaced or gone is told as such", async () => {
  const look = async (checkpoint = READ): Promise<unknown> => {
    const [file] = await findSources([{ ...made.source, checkpoint }], systemClock);
    return file?.now.state === "there" ? [file.now.path, file.now.lag] : file?.now.state;
  };
  const rotated = `${made.log}.1`;
  renameSync(made.log, rotated);
  assert.deepEqual(await look(), [rotated, UNREAD.length]);
  if (process.getuid?.() !== 0) {
    chmodSync(rotated, 0);
    assert.equal(await look(), "unreadable");
    chmodSync(rotated, 0o600);
  }
  writeFileSync(rotated, "another text in the same inode\n");
  assert.equal(await look(0), "replaced");
  rmSync(rotated);
  assert.equal(await look(), "gone");
});

test("only the sources that are farthest behind are listed, and the rest is counted", () => {
  const files = Array.from({ length: 45 }, (_, lag) => ({
    source: made.source,
    now: { state: "there", path: `/log/${lag}`, size: lag, lag } as const,
  }));
  const lines = inspectLines({ directory: "/s", found: NOTHING_STORED, files, size: 0, nowMs: 0 });
  assert.match(lines[0] ?? "", /nothing buffered; nothing was lost; the ledger balances$/);
  const listed = lines.filter((line) => line.includes(", now /log/"));
  assert.equal(listed.length, 40);
  assert.match(listed[0] ?? "", /now \/log\/44$/);
  assert.equal(lines.at(-1), "and 5 sources more, less behind: --json shows all");
});

test("documents that were refused and replayed since are told from those that were not", () => {
  const count = (records: number): Count => ({ records, bytes: 10 * records });
  const books = (input: string, records: number, fate: Fate): InputBooks => {
    const account = { read: count(records), fates: emptyAccount().fates.with(fate, count(records)) };
    return { input, account, retired: 0, buffered: count(0) };
  };
  const verdict = (...inputs: readonly InputBooks[]): string | undefined =>
    inspectLines({ directory: "/s", found: { ...NOTHING_STORED, inputs }, files: [], size: 0, nowMs: 0 })[0];
  const refused = books("app", 3, DEAD);
  assert.match(verdict(refused) ?? "", /; 3 documents refused by the server; the ledger/);
  const replayed = verdict(books(REPLAY, 2, DELIVERED), refused) ?? "";
  assert.match(replayed, /; 3 documents refused by the server, 2 of them replayed since; the ledger balances$/);
});

test("a violated invariant is shown, in the JSON too, and the exit code is 1", async () => {
  await made.stop();
  const { db, lock } = openForWriting(made.state);
  db.exec("UPDATE ledger SET bytes = bytes - 3 WHERE fate = 'delivered'");
  for (const one of [db, lock]) one.close();
  const text = await runBin(["inspect", "--path", made.state]);
  assert.equal(text.code, 1);
  assert.match(text.out, /; BROKEN\n {2}BROKEN balance, input app: 54 bytes were read, 51 have a fate or a row: 3 are/);
  assert.match(text.err, /breaks a rule that must always hold; .* \[state-unsound\]/);
  const json = await runBin(["inspect", "--path", made.state, "--json"]);
  assert.equal(json.code, 1);
  const doc = JSON.parse(json.out);
  assert.deepEqual([doc.sound, doc.violations[0].rule, doc.inputs.app.ledger.balance.bytes], [false, "balance", 3]);
});

test("a damaged page is a sentence, not a bug", async () => {
  const file = join(made.state, "state.db");
  const bytes = readFileSync(file);
  bytes.fill(0xff, 16_384);
  rmSync(`${file}-wal`, { force: true });
  writeFileSync(file, bytes);
  const { code, err } = await runBin(["inspect", "--path", made.state]);
  assert.equal(code, 75);
  assert.match(err, /state\.db is damaged: .* \[state-corrupt\]/);
});

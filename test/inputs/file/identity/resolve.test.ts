// Decides what a file is, from the known facts alone.
import assert from "node:assert/strict";
import test from "node:test";
import type { Evidence } from "../../../../src/inputs/file/identity/candidate.ts";
import {
  type CandidateFacts,
  type Decision,
  MOST_HELD_MS,
  type Relation,
  resolve,
  WHOLE_MS,
} from "../../../../src/inputs/file/identity/resolve.ts";
import { Tail } from "../../../../src/inputs/file/tail/tail.ts";

const SIZE = 5000;

function source(changes: Partial<Tail> = {}): Tail {
  return Object.assign(new Tail("/logs/a.log", 0), { position: SIZE, size: SIZE }, changes);
}

const facts = (changes: Partial<CandidateFacts> = {}): CandidateFacts => ({
  ...{ size: SIZE, waitedMs: 0, quietMs: 0, holding: "allowed" },
  ...changes,
});

const related = (by: Relation["by"], state: Relation["state"], evidence: Evidence, tail = source()): Relation => ({
  ...{ source: tail, by, state, evidence },
});

/** The decision in a word, with the reasons if the file is held. */
function said(decision: Decision): string {
  return decision.kind === "hold" ? `hold: ${decision.holds.map(({ why }) => why).join(", ")}` : decision.kind;
}

const one = (relation: Relation, changes?: Partial<CandidateFacts>): string =>
  said(resolve(facts(changes), [relation]));

test("a file that has to do with no source is new", () => assert.equal(said(resolve(facts(), [])), "new"));

test("the inode of a source, with its content: that goes on", () => {
  assert.equal(one(related("inode", "lost", "full")), "resume");
  assert.equal(one(related("inode", "lost", "different")), "new");
});

test("the path of a source: with the content that was read it goes on, with less evidence the file is new", () => {
  for (const evidence of ["full", "same"] as const) assert.equal(one(related("path", "lost", evidence)), "resume");
  for (const evidence of ["different", "partial", "older"] as const)
    assert.equal(one(related("path", "lost", evidence)), "new", evidence);
  assert.equal(one(related("path", "lost", "unverified")), "hold: unverified");
});

test("at a path that was seen to be empty: no more than was read is new, more goes on", () => {
  const absent = source({ absent: "yes" });
  assert.equal(one(related("path", "lost", "same", absent)), "new");
  assert.equal(one(related("overlay", "lost", "same", absent)), "new");
  assert.equal(one(related("path", "lost", "full", absent)), "resume");
});

test("the path of a source whose file has another name: new, and it waits while that is looked for", () => {
  assert.equal(one(related("path", "readable", "full", source({ links: 1 }))), "new");
  assert.equal(one(related("path", "readable", "full", source({ links: 0 }))), "resume");
  assert.equal(one(related("path", "undecided", "full")), "hold: undecided");
  assert.equal(one(related("path", "undecided", "full"), { waitedMs: MOST_HELD_MS }), "resume");
});

test("a copy is not read while its source can be read, and is where that goes on when it is lost", () => {
  assert.equal(one(related("rotation", "readable", "full")), "hold: unread");
  assert.equal(one(related("rotation", "readable", "full"), { waitedMs: 1e9, quietMs: 1e9 }), "hold: unread");
  for (const evidence of ["full", "same"] as const) assert.equal(one(related("rotation", "lost", evidence)), "resume");
  assert.equal(one(related("rotation", "lost", "older")), "skip");
  assert.equal(one(related("rotation", "lost", "different")), "new");
});

test("a copy of which all was read is passed over when it has not grown for a minute", () => {
  const relation = related("rotation", "readable", "same");
  assert.equal(one(relation, { quietMs: MOST_HELD_MS - 1, waitedMs: MOST_HELD_MS }), "hold: complete");
  assert.equal(one(relation, { quietMs: MOST_HELD_MS, waitedMs: 2 * MOST_HELD_MS }), "skip");
  assert.equal(one(relation, { holding: "over" }), "skip");
  const unlinked = related("rotation", "readable", "older", source({ mode: "unlinked" }));
  assert.equal(one(unlinked, { quietMs: WHOLE_MS }), "skip");
});

test("what may become a copy is held a minute after it last grew, and no longer than a copy takes", () => {
  const relation = related("rotation", "readable", "partial");
  assert.equal(one(relation), "hold: incomplete");
  assert.equal(one(relation, { quietMs: MOST_HELD_MS, waitedMs: MOST_HELD_MS }), "new");
  assert.equal(one(relation, { quietMs: 0, waitedMs: MOST_HELD_MS - 1 }), "hold: incomplete");
  assert.equal(one(relation, { quietMs: 0, waitedMs: MOST_HELD_MS + 5 }), "new", "it is a log of its own");
  const large = related("rotation", "readable", "partial", source({ size: 10 * 1024 ** 3 }));
  assert.equal(one(large, { quietMs: 0, waitedMs: 2 * 3_600_000 }), "hold: incomplete", "10 GiB take hours");
  assert.equal(one(relation, { holding: "over" }), "new");
});

test("a compressed file is held until it was unpacked, however long that takes, unless it grows like a log", () => {
  const relation = related("rotation", "readable", "unverified");
  assert.equal(one(relation, { quietMs: 1e9, waitedMs: 1e9 }), "hold: unverified");
  assert.equal(one(relation, { quietMs: 0, waitedMs: 2 * MOST_HELD_MS }), "new");
});

test("a file whose source is being looked for waits a minute at most, and not at all in a run with an end", () => {
  const relation = related("rotation", "undecided", "full");
  assert.equal(one(relation), "hold: undecided");
  assert.equal(one(relation, { waitedMs: MOST_HELD_MS }), "resume");
  assert.equal(one(relation, { holding: "over" }), "resume");
});

test("of several sources one that goes on decides; else all that it may be a copy of are kept", () => {
  const held = related("rotation", "readable", "partial");
  const other = related("rotation", "readable", "unverified", source({ path: "/logs/b.log" }));
  const resumed = related("rotation", "lost", "full", source({ path: "/logs/c.log" }));
  const skipped = related("rotation", "lost", "older");
  assert.equal(said(resolve(facts(), [skipped, held, other])), "hold: incomplete, unverified");
  assert.equal(said(resolve(facts(), [held, other, resumed])), "resume");
  assert.equal(said(resolve(facts(), [related("path", "lost", "different"), skipped])), "skip");
});

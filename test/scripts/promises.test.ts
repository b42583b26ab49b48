import assert from "node:assert/strict";
import { test } from "node:test";
import { type FileResults, type Run, judge, readPromises } from "../../scripts/lib/promises.ts";

const FILE = "test/a.test.ts";
const HELD = [{ promise: "nothing is lost", tests: { [FILE]: ["one", "two"] } }];

function run(of: Partial<FileResults>, changes: Partial<Run> = {}): Run {
  const results = new Map([[FILE, { tests: new Map(), skippedSuites: [], ...of }]]);
  return { files: [FILE], elsewhere: [], strict: false, results, ...changes };
}

const results = (...entries: [string, string[]][]): Partial<FileResults> => ({ tests: new Map(entries) });

test("a promise whose tests ran is kept", () => {
  assert.deepEqual(judge(HELD, run(results(["one", []], ["two", []], ["three", [""]]))), { broken: [], open: [] });
});

test("a test that was renamed, removed or left out makes the run fail, with what to do", () => {
  const { broken } = judge(HELD, run(results(["one", []], ["too", []])));
  assert.deepEqual(broken, [
    'the promise "nothing is lost" is held by the test "two" of test/a.test.ts, which did not run. If it was renamed, use its new name. ' +
      "What to do: name the test that holds it now in docs/promises.json, or take the promise out of docs/guarantees.md and there.",
  ]);
  const skipped = judge(HELD, run(results(["one", []], ["two", ["", "no moon"]]))).broken;
  assert.match(
    skipped.join(),
    /"two" of test\/a\.test\.ts, which was skipped \(no reason given\)\. What to do: let it run/,
  );
});

test("what a machine cannot prove is open there, and a fault where everything is expected to be", () => {
  for (const of of [
    results(["one", []], ["two", ["no moon"]]),
    { ...results(["one", []]), skippedSuites: ["no moon"] },
  ]) {
    assert.deepEqual(judge(HELD, run(of)), { broken: [], open: ['the promise "nothing is lost": no moon'] });
    const { broken, open } = judge(HELD, run(of, { strict: true }));
    assert.deepEqual(open, []);
    assert.match(broken.join(), /"two" of test\/a\.test\.ts, which was skipped \(no moon\)/);
  }
});

test("a file that is gone is a fault; one that this run leaves out is none", () => {
  const { broken } = judge(HELD, run({}, { files: ["test/b.test.ts"] }));
  assert.match(broken.join(), /is held by test\/a\.test\.ts, which is no test file\. What to do: name/);
  assert.deepEqual(judge(HELD, run({}, { files: ["test/b.test.ts"], elsewhere: [FILE] })), { broken: [], open: [] });
  // A file that ran but reported no results has not kept its promises.
  assert.equal(judge(HELD, run({}, { results: new Map() })).broken.length, 2);
});

test("where there are no promises nothing is judged", () => {
  assert.deepEqual(judge(readPromises("no/such/file.json"), run({})), { broken: [], open: [] });
});

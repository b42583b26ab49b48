import assert from "node:assert/strict";
import { test } from "node:test";
import { EXIT, SpillwayError, assert as must, describe, describeWithHint, hasCode } from "../../src/core/errors.ts";

test("a fault carries its parts apart", () => {
  const cause = new Error("EACCES");
  const error = new SpillwayError("state-unusable", "cannot write", { hint: "chown it", exit: EXIT.temporary, cause });
  assert.deepEqual(
    [error.code, error.message, error.hint, error.exit],
    ["state-unusable", "cannot write", "chown it", 75],
  );
  assert.equal(error.cause, cause);
  assert.equal(new SpillwayError("bug", "x").exit, EXIT.fault);
  assert.equal("cause" in new SpillwayError("bug", "x"), false);
});

test("what cannot happen stops the process by name", () => {
  must(true, "fine");
  assert.throws(() => must(false, "two owners"), { code: "bug", message: "BUG: two owners", exit: EXIT.fault });
});

test("any thrown value has a sentence, and system errors a code", () => {
  assert.equal(describe(new Error("broke")), "broke");
  assert.equal(describe("thrown text"), "thrown text");
  assert.equal(describeWithHint(new Error("broke")), "broke");
  assert.equal(describeWithHint(new SpillwayError("x", "broke", { hint: "mend it" })), "broke; mend it");
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  assert.ok(hasCode(full, "EDQUOT", "ENOSPC"));
  assert.ok(!hasCode(full, "ENOENT"));
  assert.ok(!hasCode({ code: "ENOSPC" }, "ENOSPC"), "only errors have one");
});

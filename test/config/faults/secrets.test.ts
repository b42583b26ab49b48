import assert from "node:assert/strict";
import { test } from "node:test";
import { hideSecrets } from "../../../src/config/faults/secrets.ts";

test("every secret is hidden wherever it stands, also one that begins with another", () => {
  const secrets = new Set(["hunter", "hunter2-long", "s3cr3t"]);
  assert.equal(hideSecrets("a hunter2-long/s3cr3ts3cr3t hunter2", secrets), "a ***/****** ***2");
  assert.equal(hideSecrets("nothing here", secrets), "nothing here");
  assert.equal(hideSecrets("hunter", new Set()), "hunter");
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LOSS_HEAD } from "../../src/cli/state/losses-report.ts";
import { makeState, remove } from "../helpers/state-directory.ts";
import type { Made } from "../helpers/state-directory.ts";
import { runBin } from "./run-bin.ts";

let made: Made;
before(async () => void (made = await makeState()));
after(() => remove(made));

test("losses list: each range with its reason, and what is uncertain", async () => {
  const { code, out, err } = await runBin(["losses", "list", "--path", made.state]);
  assert.deepEqual([code, err], [0, ""]);
  const [head, sampled = "", dropped = "", sums] = out.split("\n");
  assert.equal(head, LOSS_HEAD);
  assert.match(sampled, /^2\S+Z +app +sampled 1 in 2 +1 +5 B {2}\S+app\.log:13-24$/);
  assert.match(
    dropped,
    /^2\S+Z +app +dropped oldest +2 +9 B {2}\S+app\.log:24-33 {2}uncertain: some may have been stored$/,
  );
  assert.equal(sums, "2 ranges, 3 records, 14 B; 1 uncertain");
  const doc = JSON.parse((await runBin(["losses", "list", "--path", made.state, "--json"])).out);
  const of = doc.losses.map(({ reason, n, uncertain, records }: Record<string, unknown>) => [
    reason,
    n,
    uncertain,
    records,
  ]);
  assert.deepEqual(of, [
    ["sampled", 2, false, 1],
    ["oldest", null, true, 2],
  ]);
  const other = await runBin(["losses", "list", "--path", made.state, "--input", "other"]);
  assert.deepEqual([other.code, other.out], [0, "no losses of input other\n"]);
});

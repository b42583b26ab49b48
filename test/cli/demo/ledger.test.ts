import assert from "node:assert/strict";
import { test } from "node:test";
import { balanceWord, dropped, equationTerms, renderEquation } from "../../../src/cli/demo/ledger.ts";
import { ledgerStatus } from "../../../src/ops/ledger-status.ts";
import { sampleLedger } from "../../ops/sample-facts.ts";

test("the terms on the screen add up to what was read", () => {
  const ledger = ledgerStatus(sampleLedger(100_000));
  const text = renderEquation(ledger, 80).join("");
  const [read, ...terms] = [...text.matchAll(/[a-z]+ ([\d,]+)/g)].map((match) => Number(match[1]?.replaceAll(",", "")));
  assert.equal(terms.pop(), 0);
  assert.equal(
    terms.reduce((sum, n) => sum + n),
    read,
  );
});

test("every drop counts, and rare fates stand there only when they happened", () => {
  const ledger = ledgerStatus(sampleLedger(0));
  // Fates 5 to 13 of the sample.
  assert.equal(dropped(ledger), 81);
  assert.equal(equationTerms(ledger).length, 6);
  ledger.duplicates = ledger.dead_lettered = { records: 0, bytes: 0 };
  assert.equal(equationTerms(ledger).length, 4);
});

test("all lines fit, and a balance in bytes alone is a bug too", () => {
  const ledger = ledgerStatus(sampleLedger(90_000_000));
  assert.ok(renderEquation(ledger, 80).length <= 3);
  for (const line of renderEquation(ledger, 80)) assert.ok(line.length <= 80, line);
  assert.equal(balanceWord(ledger), "balance 0 OK");
  ledger.balance.bytes = -1;
  assert.equal(balanceWord(ledger), "balance 0 records, -1 bytes: BUG");
});

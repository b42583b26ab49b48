import assert from "node:assert/strict";
import { test } from "node:test";
import { sayEmptied, sayHome, saySalvaged, sayUnsalvaged, sayUpgraded } from "../../../src/buffer/spool/state-log.ts";
import { silentLog } from "../../../src/core/log.ts";

function saying(): { readonly said: string[]; readonly log: typeof silentLog } {
  const said: string[] = [];
  const say = (event: string, message: string): void => void said.push(`${event}: ${message}`);
  return { said, log: { ...silentLog, info: say, error: say } };
}

test("a salvage: what was moved, what is lost, and where the old database is", () => {
  const { said, log } = saying();
  const salvage = { kept: 7, reread: 0, bare: 0, renewed: 0, lost: 0, lostBytes: 0, books: true, aside: "/s/old" };
  saySalvaged(log, salvage);
  saySalvaged(log, { ...salvage, reread: 2, bare: 1, renewed: 4, lost: 3, lostBytes: 30 });
  saySalvaged(log, { ...salvage, books: false });
  assert.deepEqual(said, [
    "state_salvaged: the state database was damaged: 7 buffered records were moved into a fresh one; nothing is lost. The old one is /s/old",
    "state_salvaged: the state database was damaged: 7 buffered records (2 of them read again from their files) (1 of them without the fields of their file) (4 of them under new ids) were moved into a fresh one; 3 records, 30 bytes, are lost; listed by: spillway losses list. The old one is /s/old",
    "state_salvaged: the state database was damaged: 7 buffered records were moved into a fresh one; its books are gone too, so nobody knows what else it held. The old one is /s/old",
  ]);
});

test("a directory that has the agent's state again, and the progress of an upgrade", () => {
  const { said, log } = saying();
  sayHome(log, { home: "/s", aside: undefined });
  sayHome(log, { home: "/s", aside: "/s/other" });
  sayUpgraded(log, { upgraded: 1, of: 2 });
  sayEmptied(log, "/s");
  sayUnsalvaged(log, "the ledger does not balance; free 3 MiB on its disk");
  assert.deepEqual(said, [
    "state_home: the state directory /s can be written and has the state of this agent again",
    "state_home: the state directory /s can be written and has the state of this agent again; the database that lay there is not this agent's, and is /s/other now",
    "state_upgraded: 1 of 2 chunks that an earlier version has buffered are upgraded",
    "state_emptied: /s/state.db is empty, although an agent has written it: what it held is lost, nobody knows how much; every file is read from its beginning, under new ids",
    "state_unsalvaged: the state database is damaged, and there is no room for a second one, so its rows are delivered from it: the ledger does not balance; free 3 MiB on its disk",
  ]);
});

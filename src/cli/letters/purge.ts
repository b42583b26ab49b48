// `spillway dead-letters purge`: deletes dead letters, even while the agent runs. The ledger is unchanged: their records still
// count as dead-lettered.
import { readDeadLetters } from "../../buffer/inspect/dead-letters.ts";
import { openForChanges } from "../../buffer/spool/database.ts";
import { removeLetters } from "../../buffer/spool/dead-letters.ts";
import type { ExitCode } from "../../core/errors.ts";
import { EXIT } from "../../core/errors.ts";
import type { Call } from "../program/command.ts";
import { stateDirectory } from "../state/state-directory.ts";
import { usageFault } from "../program/usage.ts";
import { version } from "../version.ts";
import { missingOf, sayMissing, selectionOf } from "./selection.ts";

export async function purge(call: Call): Promise<ExitCode> {
  const { terminal, options } = call;
  const selection = selectionOf(call);
  const { ids, input } = selection;
  if (ids.length === 0 && input === undefined && options["all"] !== true)
    throw usageFault("which ones is missing", "numbers of the list, --input, or --all");
  const { directory } = await stateDirectory(call);
  const db = openForChanges(directory);
  const missing = missingOf(db, selection);
  const known = new Set(ids);
  const wanted = db ? [...readDeadLetters(db, { input, limit: 0 })].map(({ id }) => id) : [];
  const purged = db ? removeLetters(db, ids.length === 0 ? wanted : wanted.filter((id) => known.has(id))) : 0;
  db?.close();
  if (terminal.json) terminal.out(JSON.stringify({ version, path: directory, purged }, null, 2));
  else
    terminal.out(`${purged} dead letter${purged === 1 ? "" : "s"} purged; the counts of the ledger stay as they are`);
  sayMissing(missing, directory);
  return EXIT.ok;
}

// The log lines of the spool about what became of the state directory.
import type { Log } from "../../core/log.ts";
import type { Salvage } from "../salvage/salvage.ts";

export function saySalvaged(log: Log, { kept, reread, bare, renewed, lost, lostBytes, books, aside }: Salvage): void {
  const from = [
    reread > 0 ? ` (${reread} of them read again from their files)` : "",
    bare > 0 ? ` (${bare} of them without the fields of their file)` : "",
    renewed > 0 ? ` (${renewed} of them under new ids)` : "",
  ].join("");
  const none = books ? "nothing is lost" : "its books are gone too, so nobody knows what else it held";
  const gone = lost > 0 ? `${lost} records, ${lostBytes} bytes, are lost; listed by: spillway losses list` : none;
  const sentence = `the state database was damaged: ${kept} buffered records${from} were moved into a fresh one; ${gone}. The old one is ${aside}`;
  log.error("state_salvaged", sentence, { kept, reread, bare, renewed, lost, lostBytes, aside });
}

export function sayEmptied(log: Log, directory: string): void {
  const sentence =
    `${directory}/state.db is empty, although an agent has written it: what it held is lost, nobody knows how much; ` +
    `every file is read from its beginning, under new ids`;
  log.error("state_emptied", sentence, {});
}

/** @param why with what to do about it */
export function sayUnsalvaged(log: Log, why: string): void {
  const sentence = `the state database is damaged, and there is no room for a second one, so its rows are delivered from it: ${why}`;
  log.error("state_unsalvaged", sentence, {});
}

export function sayUpgraded(log: Log, { upgraded, of }: { upgraded: number; of: number }): void {
  const sentence = `${upgraded} of ${of} chunks that an earlier version has buffered are upgraded`;
  log.info("state_upgraded", sentence, { upgraded, of });
}

export function sayHome(log: Log, { home, aside }: { home: string; aside: string | undefined }): void {
  const other = aside === undefined ? "" : `; the database that lay there is not this agent's, and is ${aside} now`;
  log.info("state_home", `the state directory ${home} can be written and has the state of this agent again${other}`, {
    aside,
  });
}

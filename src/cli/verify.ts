// `spillway verify` checks whether everything in a state directory can be read. `spillway repair` does what the agent does by
// itself when it starts on a damaged directory: it moves the readable rows into a fresh database and sets the old one aside.
import type { Verified } from "../buffer/inspect/verify.ts";
import { EXIT, type ExitCode, describe, hasCode } from "../core/errors.ts";
import { count, flow } from "../core/figures.ts";
import { type Call, type Command, JSON_OPTION } from "./program/command.ts";
import { STATE_OPTIONS, stateDirectory } from "./state/state-directory.ts";

export const verify: Command = {
  name: "verify",
  group: "Look",
  about: "Reads every row of a state directory and reports damage; changes nothing",
  examples: [
    ["spillway verify -c spillway.yml", "beside a running agent, or after it"],
    ["spillway verify --path /var/lib/spillway --json", "the same as JSON"],
  ],
  options: [...STATE_OPTIONS, JSON_OPTION],
  exits: {
    [EXIT.fault]: "something cannot be read, or does not add up: the report says what",
    [EXIT.config]: "the configuration has faults, or there is no such directory",
  },
  page: "reference/cli.md#verify",
  run: async (call) => {
    const { directory, words } = await stateDirectory(call);
    const found = await look(directory);
    const sound = await report(call, directory, found);
    if (!sound && !call.terminal.json) call.terminal.err(`what can be read is kept by: spillway repair${words}`);
    return sound ? EXIT.ok : EXIT.fault;
  },
};

export const repair: Command = {
  name: "repair",
  group: "Recover",
  about: "Salvages a damaged state directory into a new one, as a start does",
  examples: [["spillway repair -c spillway.yml", "while no agent runs; the old database is kept beside the new one"]],
  options: [...STATE_OPTIONS],
  exits: {
    [EXIT.temporary]: "an agent runs, or there is no room for a second database",
    [EXIT.config]: "the configuration has faults, or there is no such directory",
  },
  page: "reference/cli.md#repair",
  run: async (call) => {
    const { directory } = await stateDirectory(call);
    return mend(call, directory);
  },
};

async function look(directory: string): Promise<Verified | undefined> {
  const [{ openForReading }, inspecting] = await Promise.all([
    import("../buffer/spool/database.ts"),
    import("../buffer/inspect/verify.ts"),
  ]);
  try {
    const db = openForReading(directory);
    if (db === undefined) return (await isEmptied(directory)) ? damaged(EMPTIED) : undefined;
    try {
      return inspecting.verify(db);
    } finally {
      db.close();
    }
  } catch (error) {
    if (!hasCode(error, "state-corrupt")) throw error;
    return damaged(describe(error));
  }
}

const EMPTIED = "state.db is empty, although an agent has written it: what it held is lost, nobody knows how much";

async function isEmptied(directory: string): Promise<boolean> {
  const reserve = await import("../buffer/spool/disk/reserve.ts");
  return reserve.isEmptied(directory);
}

/** Of a database of which nothing can be read. */
function damaged(fault: string): Verified {
  return { chunks: 0, records: 0, damagedChunks: 0, damagedRecords: 0, faults: [fault] };
}

/** @returns true if the state is sound */
async function report({ terminal }: Call, directory: string, found: Verified | undefined): Promise<boolean> {
  const { isSound } = await import("../buffer/inspect/verify.ts");
  const { version } = await import("./version.ts");
  const sound = found === undefined || isSound(found);
  if (terminal.json) {
    const { chunks = 0, records = 0, damagedChunks = 0, damagedRecords = 0, faults = [] } = found ?? {};
    const damaged = { chunks: damagedChunks, records: damagedRecords };
    terminal.out(
      JSON.stringify({ version, path: directory, sound, buffered: { chunks, records }, damaged, faults }, null, 2),
    );
  } else if (found === undefined) terminal.out(`${directory}: nothing was ever stored here`);
  else {
    const { chunks, records, damagedChunks, damagedRecords, faults } = found;
    const verdict = sound ? "all is well" : "damaged";
    terminal.out(`${directory}: ${verdict}; ${count(records)} buffered records in ${count(chunks)} chunks`);
    if (damagedChunks > 0)
      terminal.out(`cannot be read: ${count(damagedRecords)} records in ${count(damagedChunks)} chunks`);
    for (const fault of faults) terminal.out(`- ${fault}`);
  }
  return sound;
}

async function mend({ terminal }: Call, directory: string): Promise<ExitCode> {
  const [{ takeDirectory }, salvaging, { systemClock }, { isSound }] = await Promise.all([
    import("../buffer/spool/database.ts"),
    import("../buffer/salvage/salvage.ts"),
    import("../core/clock.ts"),
    import("../buffer/inspect/verify.ts"),
  ]);
  const lock = takeDirectory(directory);
  try {
    salvaging.finishSalvage(directory);
    const found = await look(directory);
    if (found === undefined || (isSound(found) && !salvaging.isMarkedDamaged(directory))) {
      terminal.out(`${directory}: all is well, nothing was changed`);
      return EXIT.ok;
    }
    const { kept, reread, bare, renewed, lost, lostBytes, books, aside } = salvaging.salvage(
      directory,
      systemClock.wall(),
    );
    terminal.out(`${directory}: ${count(kept)} buffered records were moved into a fresh database`);
    if (reread > 0) terminal.out(`${count(reread)} of them were read again from their files`);
    if (bare > 0) terminal.out(`${count(bare)} of them have lost the fields of their file, such as the pod's name`);
    if (renewed > 0)
      terminal.out(`${count(renewed)} of them get new ids: what was sent of them before is stored a second time`);
    if (lost > 0) terminal.out(`${count(lost)} records (${flow(lostBytes)}) are lost; listed by: spillway losses list`);
    if (!books) terminal.out("its books are gone, so nobody knows what else it held");
    terminal.out(`the old database is ${aside}`);
    return EXIT.ok;
  } finally {
    lock.close();
  }
}

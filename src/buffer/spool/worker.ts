// The worker thread of sqlite-spool.ts. It exists because a transaction of 16 rows blocks for up to 155 ms, too long for the main
// thread. Calls are answered in the order in which they arrive.
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../core/clock.ts";
import { SpillwayError, describe } from "../../core/errors.ts";
import { canSalvage, markDamaged, whatToFree } from "../salvage/salvage.ts";
import { corrupt, isCorruption, located } from "./faults.ts";
import { type OpenedStore, checkHome, comeHome, openStore, reopenStore } from "./opening.ts";
import type { Answer, Failure, Question, SpoolOptions } from "./protocol.ts";
import { LATER } from "./spool.ts";
import { Sweep } from "./sweep.ts";

const { directory, memory, deadLetters, disk } = workerData as SpoolOptions & { memory: SharedArrayBuffer };
const port = parentPort as NonNullable<typeof parentPort>;

function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    return "";
  }
}

function failure(error: unknown): Failure {
  if (error instanceof SpillwayError) {
    return { code: error.code, message: error.message, hint: error.hint, exit: error.exit };
  }
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  return { code, ...located(directory, error), exit: 1 };
}

function post(answer: Answer): void {
  port.postMessage(answer);
}

/** How many sources, and how many rows, leave as much garbage as one zstd context. */
const SOURCES_PER_CONTEXT = 30;
const ROWS_PER_CONTEXT = 100;

let opened: OpenedStore | undefined;
const sweep = new Sweep();

function answer(question: Question): unknown {
  if (question.kind === "open") {
    const { recovered, salvaged, emptied, damage, ...found } = openStore(
      { directory, disk, deadLetters, arena: new Uint8Array(memory), machine: machineId() },
      { salvage: question.salvage, atMs: question.atMs, progress: (upgraded, of) => post({ upgraded, of }) },
    );
    opened = { ...found, damage };
    // Keep the lock until the thread exits: `close` must not release it earlier.
    process.on("exit", () => opened?.lock?.close());
    const unsalvaged = damage === undefined ? undefined : `${describe(damage)}; ${whatToFree(directory)}`;
    return { recovered, salvaged, emptied, unsalvaged, lastWrite: found.store.lastWrite() };
  }
  if (question.kind === "commit" || question.kind === "shed" || question.kind === "prove") writable();
  const { store, damage = store.upkeep.damage } = opened as OpenedStore;
  switch (question.kind) {
    case "sources":
      return store.sources(question.after, question.limit, question.skip);
    case "commit": {
      const { transaction, number } = question;
      if (store.lastWrite() === number) return store.committed(transaction);
      const { groups, rows, sources } = transaction;
      sweep.left(groups.length + rows.length / ROWS_PER_CONTEXT + sources.length / SOURCES_PER_CONTEXT);
      const committed = store.commit(transaction, number);
      try {
        opened = reopenStore(opened as OpenedStore);
      } catch {
        // Exit: the main thread starts another worker, and keeps trying until one can open the database.
        process.exit(1);
      }
      return committed;
    }
    case "heads":
      return withoutRoom(
        () => store.backlog.pages.next(question.queue, question.after, question.limit),
        (error) => store.backlog.pages.readable(question.queue, question.after, question.limit, error),
      );
    case "load":
      // One context, and at most as much again for the bytes as they are stored.
      sweep.left(2);
      return withoutRoom(
        () => store.load(question.block, question.heads),
        () => store.load(question.block, question.heads, LATER),
      );
    case "shed":
      if (store.lastWrite() === question.number) return store.lastShed();
      return store.shed(question.shedding, question.number);
    case "survey":
      checkHome(opened as OpenedStore);
      if (damage !== undefined && canSalvage(directory)) throw damage;
      return store.survey();
    case "prove":
      return store.prove();
    case "close":
      return store.close();
  }
}

/** Reads. If that fails by damage and there is no room for a salvage, the rest goes on: reads what else can be read. */
function withoutRoom<T>(read: () => T, readRest: (error: unknown) => T): T {
  try {
    return read();
  } catch (error) {
    if (!isCorruption(error) || canSalvage(directory)) throw error;
    return readRest(error);
  }
}

/** Called before each write: takes back the state directory if it was moved, or could not be written until now. */
function writable(): void {
  const before = opened as OpenedStore;
  try {
    const came = comeHome(before, systemClock.wall());
    if (came === undefined) return;
    opened = came.opened;
    post({ home: directory, aside: came.aside });
  } catch (error) {
    if (before.db.open) throw error;
    // Exit: the main thread starts another worker, and keeps trying until one can open the database.
    process.exit(1);
  }
}

port.on("message", (question: Question) => {
  try {
    post({ id: question.id, result: answer(question), failure: undefined });
  } catch (error) {
    // Damage beyond a body is repaired by a salvage at the next start.
    const damaged = question.kind !== "open" && isCorruption(error) && canSalvage(directory);
    if (damaged) markDamaged(directory);
    const why = failure(damaged ? corrupt(directory, error) : error);
    const hint = isCorruption(error) && !damaged && question.kind !== "open" ? whatToFree(directory) : why.hint;
    post({ id: question.id, result: undefined, failure: { ...why, hint } });
  }
  if (question.kind === "close") port.close();
});

// The thread behind sqlite-spool.ts: a transaction of 16 rows blocks for up to 155 ms, which the main thread must not.
// Messages are answered in the order in which they come.
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { SpillwayError, describe } from "../core/errors.ts";
import { openForWriting } from "./database.ts";
import { Store } from "./store.ts";
import { Sweep } from "./sweep.ts";
import type { Answer, Failure, Question, SpoolOptions } from "./spool-protocol.ts";

const { directory, memory, letters, maxPages } = workerData as SpoolOptions & { memory: SharedArrayBuffer };
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
  return {
    code: (error as NodeJS.ErrnoException).code ?? "unknown",
    message: describe(error),
    hint: undefined,
    exit: 1,
  };
}

function open(): Store {
  const { db, lock } = openForWriting(directory);
  if (maxPages > 0) db.pragma(`max_page_count = ${maxPages}`);
  // The lock lives as long as the process; closing would give it up early.
  process.on("exit", () => lock.close());
  return new Store(db, directory, new Uint8Array(memory), { letters });
}

/** As objects, so many leave as much behind as one context. */
const SOURCES_PER_CONTEXT = 30;

let store: Store | undefined;
const sweep = new Sweep();

function answer(question: Question): Answer["result"] {
  if (question.kind === "open") {
    store = open();
    return store.recover(machineId());
  }
  const opened = store as Store;
  if (question.kind === "commit") {
    const { rows, sources } = question.transaction;
    sweep.compressed(rows.length + sources.length / SOURCES_PER_CONTEXT);
    return opened.commit(question.transaction);
  }
  if (question.kind === "load") {
    sweep.decompressed();
    return opened.load(question.seq, question.region, question.table);
  }
  opened.close();
  return undefined;
}

port.on("message", (question: Question) => {
  let reply: Answer;
  try {
    reply = { id: question.id, result: answer(question), failure: undefined };
  } catch (error) {
    reply = { id: question.id, result: undefined, failure: failure(error) };
  }
  port.postMessage(reply);
  if (question.kind === "close") port.close();
});

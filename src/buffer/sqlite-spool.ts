// The real spool: SQLite in a worker thread that shares the arena's memory, so that rows are written from and loaded into
// it without a copy between threads.
import { Worker } from "node:worker_threads";
import type { Region } from "../core/arena.ts";
import { SpillwayError } from "../core/errors.ts";
import type { Committed, Recovered, Spool, Transaction } from "./spool.ts";
import type { Answer, Question, SpoolOptions } from "./spool-protocol.ts";

type Body = Question extends infer Q ? (Q extends Question ? Omit<Q, "id"> : never) : never;

export class SqliteSpool implements Spool {
  private readonly worker: Worker;
  private readonly pending = new Map<number, { resolve: (r: never) => void; reject: (e: unknown) => void }>();
  private nextId = 1;
  private broken: SpillwayError | undefined;

  private constructor(options: SpoolOptions, memory: SharedArrayBuffer) {
    // Beside this file, as .ts in a checkout and as .js in a package.
    const entry = new URL(import.meta.url.endsWith(".ts") ? "./spool-worker.ts" : "./spool-worker.js", import.meta.url);
    this.worker = new Worker(entry, {
      workerData: { ...options, memory },
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 },
    });
    this.worker.on("message", (answer: Answer) => this.answered(answer));
    this.worker.on("error", (error) => this.fail(error));
  }

  /** Opens the state directory. Throws a SpillwayError when it is locked, foreign or cannot be used. */
  static async open(
    options: SpoolOptions,
    memory: SharedArrayBuffer,
  ): Promise<{ spool: SqliteSpool; recovered: Recovered }> {
    const spool = new SqliteSpool(options, memory);
    try {
      return { spool, recovered: await spool.ask<Recovered>({ kind: "open" }) };
    } catch (error) {
      await spool.worker.terminate();
      throw error;
    }
  }

  commit(transaction: Transaction): Promise<Committed> {
    return this.ask({ kind: "commit", transaction });
  }

  load(seq: number, region: Region, table: Region | undefined): Promise<"loaded" | "corrupt"> {
    return this.ask({ kind: "load", seq, region: { ptr: region.ptr }, table: table && { ptr: table.ptr } });
  }

  async close(): Promise<void> {
    await this.ask({ kind: "close" });
    await this.worker.terminate();
  }

  private ask<T>(body: Body): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.broken) return reject(this.broken);
      const id = this.nextId++;
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...body });
    });
  }

  private answered({ id, result, failure }: Answer): void {
    const call = this.pending.get(id);
    this.pending.delete(id);
    if (failure === undefined) return call?.resolve(result as never);
    const { code, message, hint, exit } = failure;
    call?.reject(new SpillwayError(code, message, hint === undefined ? { exit } : { exit, hint }));
  }

  /** The thread died: every question is answered by that, now and later. */
  private fail(error: unknown): void {
    this.broken = new SpillwayError("spool-died", "the thread that writes the state database has died", {
      cause: error,
    });
    for (const call of this.pending.values()) call.reject(this.broken);
    this.pending.clear();
  }
}

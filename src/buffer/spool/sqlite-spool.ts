// The real spool: SQLite in a worker thread that shares the arena's memory, so that rows are written from the arena and loaded
// into it without a copy between threads. A thread that dies is replaced, and its unanswered calls are sent again; writes are
// numbered, so that none is carried out twice. Until then callers wait, as on a slow disk.
import { Worker } from "node:worker_threads";
import type { Clock } from "../../core/clock.ts";
import { SpillwayError, describe } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Salvage } from "../salvage/salvage.ts";
import { sayEmptied, sayHome, saySalvaged, sayUnsalvaged, sayUpgraded } from "./state-log.ts";
import type { Answer, Call, Failure, SpoolOptions } from "./protocol.ts";
import type {
  Committed,
  HeadPage,
  Recovered,
  Shed,
  Shedding,
  Spool,
  StoredSource,
  Survey,
  Transaction,
} from "./spool.ts";

/** Interval of the attempts to replace a dead thread. */
const RETRY_MS = 2000;
/** How long a stop waits for a disk that hangs. Everything committed is safe by then. */
const CLOSE_MS = 10_000;
const SOURCES_PER_PAGE = 5000;

interface Pending {
  readonly call: Call;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface SpoolParts {
  readonly options: SpoolOptions;
  readonly memory: SharedArrayBuffer;
  readonly clock: Clock;
  readonly log: Log;
}

export class SqliteSpool implements Spool {
  private readonly parts: SpoolParts;
  /** Unanswered calls, in the order in which they were made. */
  private readonly pending = new Map<number, Pending>();
  /** Undefined while a dead thread is being replaced. */
  private worker: Worker | undefined;
  private nextId = 1;
  private nextWrite: number;
  private closed = false;
  /** After `close`: the worker thread could not be ended yet, because it waits for the disk. */
  hangs = false;
  private readonly damage = Promise.withResolvers<never>();
  /** Rejects when the database is damaged so badly that it has to be salvaged, which happens at a start. */
  readonly failure = this.damage.promise;

  private constructor(parts: SpoolParts, { worker, lastWrite }: Launched) {
    this.parts = parts;
    this.nextWrite = lastWrite + 1;
    // Avoids an unhandled rejection if nobody waits for `failure`.
    this.failure.catch(() => {});
    this.use(worker);
  }

  /** Opens the state directory. Throws a SpillwayError if it is locked, of another program, or cannot be used. */
  static async open(parts: SpoolParts): Promise<{ spool: SqliteSpool; recovered: Recovered }> {
    const launched = await launch(parts, true);
    if (launched.salvaged) saySalvaged(parts.log, launched.salvaged);
    if (launched.emptied) sayEmptied(parts.log, parts.options.directory);
    if (launched.unsalvaged !== undefined) sayUnsalvaged(parts.log, launched.unsalvaged);
    return { spool: new SqliteSpool(parts, launched), recovered: launched.recovered };
  }

  /**
   * Every stored source, page by page, so that no turn of the event loop handles all of them. The thread reads the page behind the
   * next one while that is taken in.
   */
  async *sources(): AsyncGenerator<readonly StoredSource[]> {
    let page = this.page(0, 0);
    for (let next = this.page(0, SOURCES_PER_PAGE); ;) {
      const sources = await page;
      yield sources;
      if (sources.length < SOURCES_PER_PAGE) return;
      page = next;
      next = this.page((sources.at(-1) as StoredSource).num, SOURCES_PER_PAGE);
    }
  }

  private page(after: number, skip: number): Promise<readonly StoredSource[]> {
    const page = this.ask<StoredSource[]>({ kind: "sources", after, skip, limit: SOURCES_PER_PAGE });
    // A page that nobody takes any more has no error to tell.
    page.catch(() => {});
    return page;
  }

  commit(transaction: Transaction): Promise<Committed> {
    return this.ask({ kind: "commit", transaction, number: this.nextWrite++ });
  }

  heads(queue: number, after: number, limit: number): Promise<HeadPage> {
    return this.ask({ kind: "heads", queue, after, limit });
  }

  load(block: number, heads: Float64Array): Promise<Uint8Array> {
    return this.ask({ kind: "load", block, heads });
  }

  shed(shedding: Shedding): Promise<Shed> {
    return this.ask({ kind: "shed", shedding, number: this.nextWrite++ });
  }

  survey(): Promise<Survey> {
    return this.ask({ kind: "survey" });
  }

  /** Writes to the disk, and to nothing that counts. Resolves when the disk has taken it, with all that was asked before. */
  prove(): Promise<void> {
    return this.ask({ kind: "prove" });
  }

  async close(): Promise<void> {
    this.closed = true;
    const { worker } = this;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    const over = new AbortController();
    const patience = this.parts.clock.sleep(CLOSE_MS, over.signal);
    await Promise.race([this.ask({ kind: "close" }), ended, patience]);
    // A thread that waits for a hanging disk cannot be ended. The process goes on without it.
    const terminated = worker.terminate().then(() => (this.hangs = false));
    this.hangs = await Promise.race([terminated, patience.then(() => true)]);
    if (this.hangs) this.parts.log.error("spool_hangs", HANGS);
    // Cancel the sleep: its timer would keep the process alive.
    over.abort();
  }

  private ask<T>(call: Call): Promise<T> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.pending.set(id, { call, resolve, reject });
      this.worker?.postMessage({ id, ...call });
    });
  }

  private use(worker: Worker): void {
    this.worker = worker;
    worker.on("message", (answer: Answer) => this.answered(answer));
    worker.on("error", (error) => this.died(worker, describe(error)));
    worker.on("exit", (code) => {
      if (code !== 0 || !this.wasClosed()) this.died(worker, `it ended with code ${code}`);
    });
    for (const [id, { call }] of this.pending) worker.postMessage({ id, ...call });
  }

  private answered(answer: Answer): void {
    if ("upgraded" in answer) return;
    if ("home" in answer) return sayHome(this.parts.log, answer);
    const call = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if (answer.failure === undefined) return call?.resolve(answer.result as never);
    const error = errorOf(answer.failure);
    if (error.code === "state-corrupt") this.damage.reject(error);
    call?.reject(error);
  }

  /** Sometimes the exit event of the thread arrives before its answer to `close`, the last call. Then this resolves the call. */
  private wasClosed(): boolean {
    const [[id, last] = []] = this.pending;
    if (id === undefined || last?.call.kind !== "close" || this.pending.size > 1) return this.closed;
    this.pending.delete(id);
    last.resolve(undefined as never);
    return true;
  }

  /** Called for both `error` and `exit` of a thread; only the first call counts. */
  private died(worker: Worker, why: string): void {
    if (worker !== this.worker || this.closed) return;
    this.worker = undefined;
    const sentence = `the thread that writes the state database has ended (${why}); another one takes its place`;
    this.parts.log.error("spool_died", sentence);
    void this.replace();
  }

  private async replace(): Promise<void> {
    const { clock, log } = this.parts;
    for (;;) {
      try {
        const { worker } = await launch(this.parts, false);
        if (this.closed) return void (await worker.terminate());
        this.use(worker);
        return log.info("spool_up", "the state database can be written again");
      } catch (error) {
        log.error("spool_died", `the state database cannot be opened again: ${describe(error)}; trying again`);
      }
      await clock.sleep(RETRY_MS);
      if (this.closed) return;
    }
  }
}

const HANGS =
  "the disk of the state directory does not answer: the thread that writes to it is left behind; what it has not committed " +
  "is read again from its files at the next start";

interface Launched {
  readonly worker: Worker;
  readonly recovered: Recovered;
  readonly lastWrite: number;
  readonly salvaged: Salvage | undefined;
  readonly emptied: boolean;
  readonly unsalvaged: string | undefined;
}

/** Starts a thread and has it open the directory. */
async function launch({ options, memory, log, clock }: SpoolParts, salvage: boolean): Promise<Launched> {
  // The worker's file is beside this one: .ts in a checkout, .js in a package.
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  const worker = new Worker(entry, {
    workerData: { ...options, memory },
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 },
  });
  const answered = Promise.withResolvers<Omit<Launched, "worker">>();
  const listeners = {
    message: (answer: Answer): void => {
      if ("upgraded" in answer) return sayUpgraded(log, answer);
      if ("home" in answer) return;
      if (answer.failure) answered.reject(errorOf(answer.failure));
      else answered.resolve(answer.result as Omit<Launched, "worker">);
    },
    error: (error: unknown): void => answered.reject(ended(describe(error))),
    exit: (code: number): void => answered.reject(ended(`code ${code}`)),
  };
  for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
  worker.postMessage({ id: 0, kind: "open", salvage, atMs: clock.wall() });
  try {
    return { worker, ...(await answered.promise) };
  } catch (error) {
    await worker.terminate();
    throw error;
  } finally {
    for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
  }
}

function ended(why: string): SpillwayError {
  return new SpillwayError("spool-died", `the thread that writes the state database has ended: ${why}`);
}

function errorOf({ code, message, hint, exit }: Failure): SpillwayError {
  return new SpillwayError(code, message, hint === undefined ? { exit } : { exit, hint });
}

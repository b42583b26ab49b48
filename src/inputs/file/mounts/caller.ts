// Makes system calls through a worker thread, with a timeout: when a server is down, a call may block for ever and cannot be
// cancelled. A call that is not answered in time fails with ETIMEDOUT, like any failed call. All later calls then fail with
// ETIMEDOUT at once, until the thread has all its answers, so a hanging mount is waited for once. After that the caller rests:
// a mount whose answers always come too late takes only a small share of the time.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { systemClock } from "../../../core/clock.ts";
import type { Answer, CallName, Calls } from "./calls.ts";
import type { NetworkMount } from "./mount-table.ts";

export interface Delays {
  /** Timeout of a call that blocks the main thread. */
  readonly call: number;
  /** Timeout from one answer to the next, for calls that block nothing else. */
  readonly later: number;
  /** Pause once the late answers have come. */
  readonly rest: number;
}

const DELAYS: Delays = { call: 500, later: 5000, rest: 5000 };
/** The first call also waits for the thread to start: 0.1 s, on a busy machine more. */
const STARTING_MS = 3000;

type Result<Name extends CallName> = ReturnType<Calls[Name]>;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Callers that hang, over all mounts. */
let stuck = 0;

/** Whether a thread is blocked in a call that may never return. At its end the process would wait for that thread. */
export function isStuck(): boolean {
  return stuck > 0;
}

export class Caller {
  private readonly mount: Pick<NetworkMount, "point" | "type">;
  private readonly delays: Delays;
  private readonly answered = new Int32Array(new SharedArrayBuffer(4));
  private readonly waiting = new Map<number, Waiting>();
  private port: MessagePort | undefined;
  private lastId = 0;
  private unanswered = 0;
  private state: "answers" | "hangs" = "answers";
  private restUntil = -Infinity;
  private progressAt = 0;
  private watching: "no" | "yes" = "no";

  constructor(mount: Pick<NetworkMount, "point" | "type">, delays = DELAYS) {
    this.mount = mount;
    this.delays = delays;
  }

  /** Blocks until the answer. Throws the system's error, or ETIMEDOUT. */
  call<Name extends CallName>(name: Name, ...args: Parameters<Calls[Name]>): Result<Name> {
    this.check(name);
    const deadline = systemClock.now() + (this.port === undefined ? STARTING_MS : this.delays.call);
    const id = this.post(name, args);
    const port = this.port as unknown as MessagePort;
    for (;;) {
      const seen = Atomics.load(this.answered, 0);
      for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
        const answer = got.message as Answer;
        this.take(answer);
        if (answer.id !== id) continue;
        if (answer.fault !== undefined) throw faultOf(answer.fault);
        return answer.result as Result<Name>;
      }
      const left = deadline - systemClock.now();
      if (left > 0 && Atomics.wait(this.answered, 0, seen, left) !== "timed-out") continue;
      this.hang();
      throw this.timedOut(name);
    }
  }

  /** The same without blocking. */
  async callLater<Name extends CallName>(name: Name, ...args: Parameters<Calls[Name]>): Promise<Result<Name>> {
    this.check(name);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.waiting.set(this.post(name, args), { resolve, reject });
    this.watch();
    return promise as Promise<Result<Name>>;
  }

  /** Closes the descriptor when the thread gets to it; does not wait for that. */
  close(fd: number): void {
    this.post("close", [fd]);
  }

  private check(name: CallName): void {
    if (this.state === "hangs" || systemClock.now() < this.restUntil) throw this.timedOut(name);
  }

  private post(call: CallName, args: readonly unknown[]): number {
    if (this.unanswered++ === 0) this.progressAt = systemClock.now();
    const id = ++this.lastId;
    (this.port ??= this.start()).postMessage({ id, call, args });
    return id;
  }

  private start(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const entry = new URL(import.meta.url.endsWith(".ts") ? "./call-worker.ts" : "./call-worker.js", import.meta.url);
    const worker = new Worker(entry, {
      workerData: { port: port2, answered: this.answered },
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 },
    });
    worker.unref();
    port1.on("message", (answer: Answer) => this.take(answer));
    port1.unref();
    return port1;
  }

  private take({ id, call, result, fault }: Answer): void {
    const now = systemClock.now();
    this.unanswered--;
    this.progressAt = now;
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (fault !== undefined) waiting?.reject(faultOf(fault));
    else waiting?.resolve(result);
    if (this.state === "answers") return;
    // The open has timed out: nobody uses its descriptor.
    if (call === "open" && fault === undefined) this.close(result as number);
    if (this.unanswered > 0) return;
    this.state = "answers";
    this.restUntil = now + this.delays.rest;
    stuck--;
  }

  private watch(): void {
    if (this.watching === "yes") return;
    this.watching = "yes";
    const { later } = this.delays;
    systemClock.after(Math.max(0, this.progressAt + later - systemClock.now()), () => {
      this.watching = "no";
      if (this.waiting.size === 0) return;
      if (systemClock.now() - this.progressAt < later) return this.watch();
      this.hang();
    });
  }

  private hang(): void {
    if (this.state === "answers") stuck++;
    this.state = "hangs";
    for (const { reject } of this.waiting.values()) reject(this.timedOut("read"));
    this.waiting.clear();
  }

  private timedOut(call: CallName): Error {
    const { point, type } = this.mount;
    const message = `ETIMEDOUT: the ${type} mount ${point} does not answer, ${call}`;
    return Object.assign(new Error(message), { code: "ETIMEDOUT", syscall: call });
  }
}

function faultOf({ message, code, syscall }: NonNullable<Answer["fault"]>): Error {
  return Object.assign(new Error(message), { code, syscall });
}

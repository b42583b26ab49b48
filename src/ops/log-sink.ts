// Where log lines leave the process: a file descriptor, written asynchronously, with bounded memory. A reader that
// stands still costs log lines, counted, and never the agent's loop or its exit. Ours instead of pino's destination, for
// two reasons that were measured: its flushSync spins for ever on a closed pipe (EPIPE with lines pending), and a write
// to a full pipe holds a thread that process.exit then waits for, without end.
import { fstatSync, fsyncSync, write, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import type { Clock } from "../core/clock.ts";

const net = process.getBuiltinModule("node:net");

const MAX_PENDING = 1 << 20;

type Put = (bytes: Buffer, done: (error: Error | null | undefined, written: number) => void) => void;

export class LogSink {
  /** Lines that found no room, or a closed reader. */
  dropped = 0;
  private readonly fd: number;
  private readonly clock: Clock;
  private readonly put: Put;
  private pending: string[] = [];
  private pendingLength = 0;
  private inFlight: Buffer = Buffer.alloc(0);
  private mode: "idle" | "scheduled" | "writing" | "closed" = "idle";
  private readonly waiting = new Set<() => void>();

  constructor(fd: number, clock: Clock) {
    this.fd = fd;
    this.clock = clock;
    this.put = putFor(fd);
  }

  write(line: string): void {
    if (this.mode === "closed" || this.pendingLength + line.length > MAX_PENDING) {
      this.dropped++;
      return;
    }
    this.pending.push(line);
    this.pendingLength += line.length;
    if (this.mode !== "idle") return;
    // Not at once: the lines of one turn go out in one write, and a line that is followed by an exit is still here for
    // `flushSync` to write.
    this.mode = "scheduled";
    process.nextTick(() => this.next());
  }

  /** Resolves when all is written, or after `ms`. */
  async flush(ms: number): Promise<void> {
    if (this.mode === "idle" || this.mode === "closed") return;
    const written = new AbortController();
    const done = (): void => written.abort();
    this.waiting.add(done);
    await this.clock.sleep(ms, written.signal);
    this.waiting.delete(done);
  }

  /** The last word before a crash or exit. What is on its way may stand twice in the log; nothing is missing. */
  flushSync(): void {
    if (this.mode === "closed") return;
    this.mode = "closed";
    const rest = Buffer.concat([this.inFlight, Buffer.from(this.take())]);
    try {
      for (let at = 0; at < rest.length;) at += writeSync(this.fd, rest, at);
      fsyncSync(this.fd);
    } catch {
      // A full pipe (EAGAIN), a closed one (EPIPE), a descriptor that knows no fsync (EINVAL): no more can be done.
    }
  }

  private take(): string {
    const text = this.pending.join("");
    this.pending = [];
    this.pendingLength = 0;
    return text;
  }

  private next(): void {
    if (this.mode === "closed") return;
    if (this.pending.length === 0) {
      this.mode = "idle";
      for (const done of this.waiting) done();
      return;
    }
    this.mode = "writing";
    this.send(Buffer.from(this.take()));
  }

  private send(bytes: Buffer): void {
    this.inFlight = bytes;
    this.put(bytes, (error, written) => {
      if (this.mode === "closed") return;
      if (error) {
        this.mode = "closed";
        this.take();
        for (const done of this.waiting) done();
      } else if (written < bytes.length) {
        this.send(bytes.subarray(written));
      } else {
        this.inFlight = Buffer.alloc(0);
        this.next();
      }
    });
  }
}

/** A pipe or a socket is written without blocking a thread; a file or terminal by the thread pool. */
function putFor(fd: number): Put {
  const stat = fstatSync(fd);
  if (!stat.isFIFO() && !stat.isSocket()) return (bytes, done) => write(fd, bytes, done);
  const stream = streamFor(fd);
  // The callback of each write gets the error too.
  stream.on("error", () => {});
  return (bytes, done) => void stream.write(bytes, (error) => done(error, bytes.length));
}

/** The process's own stream where there is one: of two on one descriptor, one is never told that it may write again. */
function streamFor(fd: number): Writable {
  if (fd === 1) return process.stdout;
  if (fd === 2) return process.stderr;
  return new net.Socket({ fd, readable: false, writable: true }).unref();
}

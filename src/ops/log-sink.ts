// Writes log lines to a file descriptor: asynchronously and with bounded memory. A reader that stalls costs log lines, which are
// counted, but never blocks the agent's event loop or its exit. It replaces pino's destination for two measured reasons: pino's
// flushSync spins for ever on a closed pipe (EPIPE with lines pending), and its write to a full pipe blocks a thread, for which
// process.exit then waits without end.
import { fstatSync, fsyncSync, write, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import type { Clock } from "../core/clock.ts";

const net = process.getBuiltinModule("node:net");

const MAX_PENDING = 1 << 20;

type Put = (bytes: Buffer, done: (error: Error | null | undefined, written: number) => void) => void;

export class LogSink {
  /** Lines lost because the memory was full or the reader had closed. */
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
    // Deferred, so that the lines of one turn of the event loop go out in one write, and a line directly before an exit is
    // still here for `flushSync`.
    this.mode = "scheduled";
    process.nextTick(() => this.next());
  }

  /** Resolves when everything is written, or after `ms`. */
  async flush(ms: number): Promise<void> {
    if (this.mode === "idle" || this.mode === "closed") return;
    const written = new AbortController();
    const done = (): void => written.abort();
    this.waiting.add(done);
    await this.clock.sleep(ms, written.signal);
    this.waiting.delete(done);
  }

  /** For the last lines before a crash or exit. Lines in flight may appear twice in the log; none are missing. */
  flushSync(): void {
    if (this.mode === "closed") return;
    this.mode = "closed";
    const rest = Buffer.concat([this.inFlight, Buffer.from(this.take())]);
    try {
      for (let at = 0; at < rest.length;) at += writeSync(this.fd, rest, at);
      fsyncSync(this.fd);
    } catch {
      // A full pipe (EAGAIN), a closed one (EPIPE), or no support for fsync (EINVAL). Nothing more can be done.
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

/** Pipes and sockets are written without blocking a thread, files and terminals by the thread pool. */
function putFor(fd: number): Put {
  const stat = fstatSync(fd);
  if (!stat.isFIFO() && !stat.isSocket()) return (bytes, done) => write(fd, bytes, done);
  const stream = streamFor(fd);
  // The callback of each write also gets the error.
  stream.on("error", () => {});
  return (bytes, done) => void stream.write(bytes, (error) => done(error, bytes.length));
}

/** The process's own stream if it exists. Of two streams on one descriptor, one never learns that it may write again. */
function streamFor(fd: number): Writable {
  if (fd === 1) return process.stdout;
  if (fd === 2) return process.stderr;
  return new net.Socket({ fd, readable: false, writable: true }).unref();
}

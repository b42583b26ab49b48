// A client connection of the admin endpoint: reads a request, answers it, reads the next one. Invariant: whatever the client
// does, nothing is read while a request is being answered, so a connection holds at most one request head and one response.
import type { Socket } from "node:net";
import { type BadRequest, MAX_HEAD, type Request, headLength, parseRequest } from "./request.ts";

/**
 * reading: a request is incomplete. waiting: its page is being made. writing: the client has not yet taken the response.
 * streaming: a response without an end. */
export type Phase = "reading" | "waiting" | "writing" | "streaming" | "closed";

export interface ConnectionHooks {
  /** Calls `answer` or `stream` of the connection, now or later. */
  requested(connection: Connection, request: Request): void;
  refused(connection: Connection, why: BadRequest): void;
  /** Called once. */
  closed(connection: Connection): void;
  now(): number;
}

/** After a refusal, up to this many bytes from the client are read and discarded. */
const LINGER_BYTES = 64 * 1024;

export class Connection {
  phase: Phase = "reading";
  /** When this phase began. */
  since: number;
  /** Whether another request may follow this response. */
  keepAlive = false;
  private readonly socket: Socket;
  private readonly hooks: ConnectionHooks;
  private head: Buffer[] = [];
  private headBytes = 0;
  private lingered = 0;
  private pipelines = false;

  constructor(socket: Socket, hooks: ConnectionHooks) {
    this.socket = socket;
    this.hooks = hooks;
    this.since = hooks.now();
    socket.on("data", (bytes) => this.read(bytes as Buffer));
    // The client sends no more requests; the current one is still answered.
    socket.on("end", () => this.ended());
    socket.on("error", () => this.close());
    socket.on("close", () => this.close());
  }

  /** Bytes of a response that the client has not taken. */
  get behind(): number {
    return this.phase === "closed" ? 0 : this.socket.writableLength;
  }

  answer(head: string, body: string | Buffer): void {
    if (this.phase === "closed") return;
    this.enter("writing");
    this.socket.cork();
    this.socket.write(head, "latin1");
    this.socket.write(body, () => (this.keepAlive ? this.next() : this.finish()));
    this.socket.uncork();
  }

  /** Starts a response without an end. */
  stream(head: string): void {
    if (this.phase === "closed") return;
    this.enter("streaming");
    // Input from the client is ignored from now on, but must be read to notice when the client leaves.
    this.socket.resume();
    this.socket.write(head, "latin1");
  }

  /** Sends a piece of the stream. */
  send(piece: string): void {
    if (this.phase === "streaming") this.socket.write(piece);
  }

  close(): void {
    if (this.phase === "closed") return;
    this.phase = "closed";
    this.socket.destroy();
    this.hooks.closed(this);
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.since = this.hooks.now();
  }

  private read(bytes: Buffer): void {
    if (this.phase === "streaming") return;
    if (this.phase !== "reading") return this.linger(bytes);
    this.head.push(bytes);
    this.headBytes += bytes.length;
    const whole = this.head.length === 1 ? bytes : Buffer.concat(this.head);
    const length = headLength(whole);
    if (length > MAX_HEAD || (length === 0 && this.headBytes > MAX_HEAD)) {
      return this.refuse({ status: 431, why: `the head is longer than ${MAX_HEAD} bytes` });
    }
    if (length === 0) {
      this.head = [whole];
      return;
    }
    this.head = [];
    this.headBytes = 0;
    const request = parseRequest(whole.subarray(0, length));
    if ("why" in request) return this.refuse(request);
    this.enter("waiting");
    this.socket.pause();
    // No real user of these pages pipelines requests.
    this.pipelines = whole.length > length;
    this.keepAlive = request.keepAlive && !this.pipelines;
    this.hooks.requested(this, request);
  }

  /** Sends the refusal while the client's remaining input is discarded, because a reset could overtake the response. */
  private refuse(why: BadRequest): void {
    this.head = [];
    this.keepAlive = false;
    this.enter("waiting");
    this.hooks.refused(this, why);
  }

  private linger(bytes: Buffer): void {
    this.lingered += bytes.length;
    if (this.lingered > LINGER_BYTES) this.close();
  }

  private ended(): void {
    this.keepAlive = false;
    if (this.phase === "reading" || this.phase === "streaming") this.close();
  }

  private next(): void {
    if (this.phase === "closed") return;
    this.enter("reading");
    this.socket.resume();
  }

  private finish(): void {
    if (this.phase === "closed") return;
    if (this.pipelines) return this.close();
    this.socket.resume();
    this.socket.end();
  }
}

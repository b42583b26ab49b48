// Queues of the files that have something to read, first come, first served. Files with a longer backlog than one read are
// queued apart, and both queues get reads in turn. Otherwise a quiet file would wait for a read of each of 100 files with a
// backlog, at the pace of a slow output: 6 s at 4 MiB/s. Unlinked files have a queue of their own, since they may be given room
// while all others wait.
//
// A reader claims before it asks for room, and takes when it has the room. It takes the first file in the queue at that moment,
// mostly the one it claimed. A waiting file is bound to no reader, so it can change queues or go away meanwhile.
import { assert } from "../../../core/errors.ts";
import { TURN_BYTES } from "../records/framing.ts";
import type { QueueName, Tail } from "./tail.ts";

type Backlog = "short" | "long";

export class ReadQueue {
  private readonly queues: Readonly<Record<QueueName, Queue>> = {
    named: new Queue("named"),
    unlinked: new Queue("unlinked"),
  };

  push(tail: Tail): void {
    const queue = tail.mode === "unlinked" && tail.links === 0 ? "unlinked" : "named";
    if (tail.slot === "reading" || (tail.slot === "queued" && tail.queue === queue)) return;
    if (tail.slot === "queued") this.queues[tail.queue].leave();
    tail.slot = "queued";
    tail.queue = queue;
    this.queues[queue].push(tail);
  }

  /** Takes the file out of its queue. */
  remove(tail: Tail): void {
    if (tail.slot !== "queued") return;
    this.queues[tail.queue].leave();
    tail.slot = "none";
  }

  /** Waits until there is a file for this reader. Undefined: the queue is closed. */
  claim(queue: QueueName): Promise<Tail | undefined> {
    return this.queues[queue].claim();
  }

  /** Undefined: no file is left. */
  take(queue: QueueName): Tail | undefined {
    return this.queues[queue].take();
  }

  close(): void {
    for (const queue of Object.values(this.queues)) queue.close();
  }
}

class Queue {
  private readonly name: QueueName;
  private readonly backlogs: Readonly<Record<Backlog, Fifo>> = { short: new Fifo(), long: new Fifo() };
  private next: Backlog = "short";
  private size = 0;
  private claims = 0;
  private waiting: (() => void)[] = [];
  private state: "open" | "closed" = "open";
  private readonly holds = (tail: Tail): boolean => tail.slot === "queued" && tail.queue === this.name;

  constructor(name: QueueName) {
    this.name = name;
  }

  push(tail: Tail): void {
    this.backlogs[tail.lag > TURN_BYTES ? "long" : "short"].push(tail);
    this.size++;
    this.waiting.shift()?.();
  }

  leave(): void {
    this.size--;
  }

  async claim(): Promise<Tail | undefined> {
    while (this.state === "open" && this.size <= this.claims)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.state === "closed") return undefined;
    return this.nth(this.claims++);
  }

  take(): Tail | undefined {
    this.claims--;
    const other = this.next === "short" ? "long" : "short";
    for (const backlog of [this.next, other] as const) {
      const tail = this.backlogs[backlog].take(this.holds);
      if (tail === undefined) continue;
      this.next = backlog === "short" ? "long" : "short";
      this.size--;
      tail.slot = "none";
      return tail;
    }
    return undefined;
  }

  close(): void {
    this.state = "closed";
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private nth(n: number): Tail {
    let rest = n;
    for (const fifo of Object.values(this.backlogs))
      for (const tail of fifo.all()) if (this.holds(tail) && rest-- === 0) return tail;
    assert(false, "a read queue counts more files than it has");
  }
}

/** First come, first served. A file that has left the queue is skipped when its place comes. */
class Fifo {
  private tails: Tail[] = [];
  private at = 0;

  push(tail: Tail): void {
    this.tails.push(tail);
  }

  take(holds: (tail: Tail) => boolean): Tail | undefined {
    while (this.at < this.tails.length) {
      const tail = this.tails[this.at++] as Tail;
      if (this.at > 1024 && this.at * 2 > this.tails.length) {
        this.tails = this.tails.slice(this.at);
        this.at = 0;
      }
      if (holds(tail)) return tail;
    }
    return undefined;
  }

  *all(): Iterable<Tail> {
    for (let i = this.at; i < this.tails.length; i++) yield this.tails[i] as Tail;
  }
}

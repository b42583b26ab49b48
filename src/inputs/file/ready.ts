// The files that have something to read, first come, first served. Those that have more than one turn reads stand in a line
// of their own, and the lines take turns: next to 100 files with a backlog that is read at the pace of a slow output, a
// quiet file would wait for a turn of each of them, 6 s at 4 MiB/s. Two lanes: files without a name have one of their own,
// since room may be given to them while all others wait.
//
// A reader claims before it asks for room and takes when it has it. What it takes is the first in the lane at that moment,
// mostly the one it claimed; a file that waits is bound to no reader, so it can change lanes or go away meanwhile.
import { assert } from "../../core/errors.ts";
import { TURN_BYTES } from "./records/framing.ts";
import type { LaneName, Tail } from "./tail.ts";

/** Of a lane. */
type Line = "short" | "long";

export class ReadyQueue {
  private readonly lanes: Readonly<Record<LaneName, Lane>> = {
    named: new Lane("named"),
    nameless: new Lane("nameless"),
  };

  push(tail: Tail): void {
    const lane = laneOf(tail);
    if (tail.turn === "reading" || (tail.turn === "queued" && tail.lane === lane)) return;
    if (tail.turn === "queued") this.lanes[tail.lane].leave();
    tail.turn = "queued";
    tail.lane = lane;
    this.lanes[lane].push(tail);
  }

  /** It is over. */
  remove(tail: Tail): void {
    if (tail.turn !== "queued") return;
    this.lanes[tail.lane].leave();
    tail.turn = "none";
  }

  /** Waits until there is a file for this reader. Undefined: closed. */
  claim(lane: LaneName): Promise<Tail | undefined> {
    return this.lanes[lane].claim();
  }

  /** Undefined: none is left. */
  take(lane: LaneName): Tail | undefined {
    return this.lanes[lane].take();
  }

  close(): void {
    for (const lane of Object.values(this.lanes)) lane.close();
  }
}

function laneOf(tail: Tail): LaneName {
  return tail.mode === "nameless" && tail.links === 0 ? "nameless" : "named";
}

class Lane {
  private readonly name: LaneName;
  private readonly lines: Readonly<Record<Line, Waiting>> = { short: new Waiting(), long: new Waiting() };
  private next: Line = "short";
  private size = 0;
  private claims = 0;
  private waiting: (() => void)[] = [];
  private state: "open" | "closed" = "open";
  private readonly holds = (tail: Tail): boolean => tail.turn === "queued" && tail.lane === this.name;

  constructor(name: LaneName) {
    this.name = name;
  }

  push(tail: Tail): void {
    this.lines[tail.lag > TURN_BYTES ? "long" : "short"].push(tail);
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
    for (const line of [this.next, other] as const) {
      const tail = this.lines[line].take(this.holds);
      if (tail === undefined) continue;
      this.next = line === "short" ? "long" : "short";
      this.size--;
      tail.turn = "none";
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
    for (const line of Object.values(this.lines))
      for (const tail of line.all()) if (this.holds(tail) && rest-- === 0) return tail;
    assert(false, "a lane counts more files than it has");
  }
}

/** First come, first served. Those that left are passed over when their place comes. */
class Waiting {
  private queue: Tail[] = [];
  private at = 0;

  push(tail: Tail): void {
    this.queue.push(tail);
  }

  take(holds: (tail: Tail) => boolean): Tail | undefined {
    while (this.at < this.queue.length) {
      const tail = this.queue[this.at++] as Tail;
      if (this.at > 1024 && this.at * 2 > this.queue.length) {
        this.queue = this.queue.slice(this.at);
        this.at = 0;
      }
      if (holds(tail)) return tail;
    }
    return undefined;
  }

  *all(): Iterable<Tail> {
    for (let i = this.at; i < this.queue.length; i++) yield this.queue[i] as Tail;
  }
}

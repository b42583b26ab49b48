// Which of the numbered lines have arrived, and which arrived twice. `LineStore` lets the sandbox count each document by the
// number in its line, so that the check costs about as much as looking up an id and holds for every shipper.
import type { Incoming, Store, StoreResult } from "../../src/sandbox/store.ts";

const NUMBER = "seq=";
const DIGITS = 12;

export class Tally {
  readonly lines: number;
  /** Lines that arrived at least once. */
  arrived = 0;
  /** Documents too many: a line arrived again, or has no number or one that was never written. */
  surplus = 0;
  private readonly seen: Uint8Array;

  constructor(lines: number) {
    this.lines = lines;
    this.seen = new Uint8Array(lines);
  }

  /** @param line the line with this number, NaN for a document without one */
  add(line: number): void {
    if (this.seen[line] !== 0) {
      this.surplus++;
      return;
    }
    this.seen[line] = 1;
    this.arrived++;
  }

  get isComplete(): boolean {
    return this.arrived === this.lines && this.surplus === 0;
  }

  toString(): string {
    if (this.isComplete) return "each line once";
    const [missing, surplus] = [this.lines - this.arrived, this.surplus].map((n) => n.toLocaleString("en"));
    return `${missing} missing, ${surplus} too many`;
  }
}

export class LineStore implements Store {
  tally = new Tally(0);

  put(_index: string, { body, docFrom, docTo }: Incoming): StoreResult {
    const at = body.indexOf(NUMBER, docFrom) + NUMBER.length;
    this.tally.add(at >= docFrom + NUMBER.length && at + DIGITS <= docTo ? digits(body, at) : NaN);
    return "created";
  }

  count(): number {
    return this.tally.arrived + this.tally.surplus;
  }

  documents(): [] {
    return [];
  }
}

/** The number of the first numbered line in a text; NaN if it has none. */
export function numberIn(text: string): number {
  return Number(/seq=(\d{12})/.exec(text)?.[1]);
}

function digits(body: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + DIGITS; i++) value = value * 10 + ((body[i] as number) - 48);
  return value;
}

// Items in ascending order of sequence number. Almost every change is at one of the ends, so this is an array with a moving
// head and binary search for the rest: appending and removing at the front are cheap, inserting in the middle moves pointers.

export interface Sequenced {
  readonly seq: number;
}

export class SeqQueue<T extends Sequenced> {
  private items: T[] = [];
  private head = 0;
  private readonly weigh: (item: T) => number;
  /** Sum of the items' weights. The weight of an item must not change while it is in the queue. */
  weight = 0;

  constructor(weigh: (item: T) => number = weightless) {
    this.weigh = weigh;
  }

  get size(): number {
    return this.items.length - this.head;
  }

  get first(): T | undefined {
    return this.items[this.head];
  }

  get last(): T | undefined {
    return this.size > 0 ? this.items[this.items.length - 1] : undefined;
  }

  add(item: T): void {
    this.weight += this.weigh(item);
    const last = this.last;
    if (last === undefined || last.seq < item.seq) this.items.push(item);
    else if (this.head > 0 && item.seq < (this.first as T).seq) this.items[--this.head] = item;
    else this.items.splice(this.find(item.seq), 0, item);
  }

  /** False if the item was not in the queue. */
  remove(item: T): boolean {
    const at = this.find(item.seq);
    if (this.items[at] !== item) return false;
    this.weight -= this.weigh(item);
    if (at === this.head) this.dropHead();
    else if (at === this.items.length - 1) this.items.pop();
    else this.items.splice(at, 1);
    return true;
  }

  has(item: T): boolean {
    return this.items[this.find(item.seq)] === item;
  }

  get(seq: number): T | undefined {
    const item = this.items[this.find(seq)];
    return item?.seq === seq ? item : undefined;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.head; i < this.items.length; i++) yield this.items[i] as T;
  }

  /** The items whose sequence number is not below `seq`. */
  *from(seq: number): IterableIterator<T> {
    for (let i = this.find(seq); i < this.items.length; i++) yield this.items[i] as T;
  }

  *youngestFirst(): IterableIterator<T> {
    for (let i = this.items.length - 1; i >= this.head; i--) yield this.items[i] as T;
  }

  /** Index of the first item whose sequence number is not below `seq`. */
  private find(seq: number): number {
    let low = this.head;
    let high = this.items.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if ((this.items[mid] as T).seq < seq) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  private dropHead(): void {
    (this.items as (T | undefined)[])[this.head++] = undefined;
    if (this.head === this.items.length || (this.head > 1024 && this.head > this.items.length >> 1)) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }
}

function weightless(): number {
  return 0;
}

// Records of the simulated file or buffer, oldest first, as runs of records written at the same time. Invariant: `records` is the
// sum of the runs.

export class Cohorts {
  records = 0;
  private times: number[] = [];
  private counts: number[] = [];
  private head = 0;
  private empty = 0;

  push(atMs: number, records: number): void {
    if (records === 0) return;
    this.times.push(atMs);
    this.counts.push(records);
    this.records += records;
  }

  /** When the oldest record was written. */
  get oldestMs(): number | undefined {
    this.trim();
    return this.times[this.head];
  }

  /** Takes up to `records` of the oldest records and calls `each` for each run. */
  take(records: number, each: (atMs: number, records: number) => void): void {
    let left = Math.min(records, this.records);
    while (left > 0) {
      this.trim();
      const taken = this.takeAt(this.head, left);
      each(this.times[this.head] as number, taken);
      left -= taken;
    }
  }

  /** Takes up to `records` records, from runs chosen by `random`. @param random uniform in [0, 1) */
  takeRandom(records: number, random: () => number): void {
    let left = Math.min(records, this.records);
    while (left > 0) {
      this.trim();
      const runs = this.times.length - this.head;
      const picked = this.head + Math.floor(random() * runs);
      left -= this.takeAt((this.counts[picked] as number) > 0 ? picked : this.head, left);
    }
  }

  private takeAt(index: number, wanted: number): number {
    const has = this.counts[index] as number;
    const taken = Math.min(has, wanted);
    this.counts[index] = has - taken;
    this.records -= taken;
    if (taken === has) this.empty++;
    return taken;
  }

  private trim(): void {
    while (this.head < this.counts.length && this.counts[this.head] === 0) {
      this.head++;
      this.empty--;
    }
    const runs = this.counts.length - this.head;
    if (this.head < 4096 && this.empty < 64 + runs / 2) return;
    const kept = this.counts.keys().filter((index) => (this.counts[index] as number) > 0);
    const indexes = [...kept];
    this.times = indexes.map((index) => this.times[index] as number);
    this.counts = indexes.map((index) => this.counts[index] as number);
    this.head = 0;
    this.empty = 0;
  }
}

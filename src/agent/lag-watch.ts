// Whether the sources outgrow the output: unread bytes have risen at every look for a while, although everything that may
// be read is read. Reading slower than the disk can is no sign of it: a big file that is caught up only shrinks.

const LOOKS = 10;
/** Less than this over all looks is noise: partial lines, a burst. */
const GROWTH = 1 << 20;

export class LagWatch {
  private readonly seen: number[] = [];

  /** Once a second, with the unread bytes of all inputs. True while they keep growing. */
  observe(lagBytes: number): boolean {
    this.seen.push(lagBytes);
    if (this.seen.length > LOOKS + 1) this.seen.shift();
    if (this.seen.length <= LOOKS) return false;
    const rises = this.seen.every((lag, i) => i === 0 || lag > (this.seen[i - 1] as number));
    return rises && lagBytes - (this.seen[0] as number) >= GROWTH;
  }
}

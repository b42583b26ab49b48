// Detects that the sources outgrow the output: unread bytes have risen at every sample for a while, although everything that
// may be read is read. Slow reading alone is no sign: while a big file is being caught up, its unread bytes only shrink.

const LOOKS = 10;
/** Less growth than this over all samples is noise: partial lines, a burst. */
const GROWTH = 1 << 20;

export class LagWatch {
  private readonly seen: number[] = [];

  /** Call once a second with the unread bytes of all inputs. Returns true while they keep growing. */
  observe(lagBytes: number): boolean {
    this.seen.push(lagBytes);
    if (this.seen.length > LOOKS + 1) this.seen.shift();
    if (this.seen.length <= LOOKS) return false;
    const rises = this.seen.every((lag, i) => i === 0 || lag > (this.seen[i - 1] as number));
    return rises && lagBytes - (this.seen[0] as number) >= GROWTH;
  }
}

// Which of several hosts gets the next request: in turn, but one that failed is passed over for a while. What must hold:
// there is always an answer, since with all of them failing the one whose time comes first is still better than none.

/** Milliseconds; doubles with each failure in a row up to AVOID_CAP. */
const AVOID = 1_000;
const AVOID_CAP = 60_000;

export class HostRing {
  private readonly failures: number[];
  private readonly avoidUntil: number[];
  private next = 0;

  constructor(hosts: number) {
    this.failures = Array.from({ length: hosts }, () => 0);
    this.avoidUntil = Array.from({ length: hosts }, () => 0);
  }

  /** Index of the host to use now. */
  pick(now: number): number {
    const size = this.avoidUntil.length;
    let best = this.next % size;
    for (let i = 0; i < size; i++) {
      const host = (this.next + i) % size;
      if (this.until(host) <= now) {
        best = host;
        break;
      }
      if (this.until(host) < this.until(best)) best = host;
    }
    this.next = best + 1;
    return best;
  }

  succeeded(host: number): void {
    this.failures[host] = 0;
    this.avoidUntil[host] = 0;
  }

  failed(host: number, now: number): void {
    const failures = (this.failures[host] ?? 0) + 1;
    this.failures[host] = failures;
    this.avoidUntil[host] = now + Math.min(AVOID_CAP, AVOID * 2 ** Math.min(failures - 1, 16));
  }

  private until(host: number): number {
    return this.avoidUntil[host] ?? 0;
  }
}

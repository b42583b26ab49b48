// Chooses the host for the next request: round robin. A host that failed is skipped for a while, and is then tried with a single
// request. A host with requests outstanding and no response for some seconds is skipped too, and so is, at most AVOID_CAP, one that
// asked for a pause. Invariant: there is always a choice; if all hosts are skipped, it is the one whose wait ends first, or the one
// that answered last.

/** Milliseconds; doubles with each consecutive failure, up to AVOID_CAP. */
const AVOID = 1_000;
const AVOID_CAP = 60_000;
/** A host on trial gets no other request until the trial has ended, for at most this long. */
const TRIAL_MS = 120_000;
const SILENT_MS = 5000;

export class HostRing {
  private readonly failures: number[];
  private readonly avoidUntil: number[];
  /** Requests without a response, and the time since which nothing has been answered. */
  private readonly asked: number[];
  private readonly silentSince: number[];
  private next = 0;

  constructor(hosts: number) {
    this.asked = Array.from({ length: hosts }, () => 0);
    this.silentSince = Array.from({ length: hosts }, () => 0);
    this.failures = Array.from({ length: hosts }, () => 0);
    this.avoidUntil = Array.from({ length: hosts }, () => 0);
  }

  /** Index of the host to use now. @param suits hosts that are preferred, if one of them may be asked */
  pick(now: number, suits: (host: number) => boolean = () => true): number {
    const size = this.avoidUntil.length;
    const first = this.next % size;
    const turns = this.avoidUntil.map((_, i) => (first + i) % size);
    const ready = turns.filter((host) => this.isReady(host, now));
    const soonest = turns.reduce((best, host) => (this.isSooner(host, best) ? host : best), first);
    const best = ready.find(suits) ?? ready[0] ?? soonest;
    this.next = best + 1;
    if (this.asked[best] === 0) this.silentSince[best] = now;
    this.asked[best] = (this.asked[best] ?? 0) + 1;
    if ((this.failures[best] ?? 0) > 0) this.avoidUntil[best] = Math.max(this.until(best), now) + TRIAL_MS;
    return best;
  }

  /** Whether one of these hosts may be asked now. */
  has(now: number, suits: (host: number) => boolean): boolean {
    return this.avoidUntil.some((_, host) => this.isReady(host, now) && suits(host));
  }

  succeeded(host: number, now: number): void {
    this.answered(host);
    this.silentSince[host] = now;
    this.failures[host] = 0;
    this.avoidUntil[host] = 0;
  }

  failed(host: number, now: number): void {
    this.answered(host);
    const failures = (this.failures[host] ?? 0) + 1;
    this.failures[host] = failures;
    this.avoidUntil[host] = now + Math.min(AVOID_CAP, AVOID * 2 ** Math.min(failures - 1, 16));
  }

  /** The caller cancelled a request. If the host responds to nothing at all, this counts as a failure. */
  cancelled(host: number, now: number): void {
    if (this.isSilent(host, now)) this.failed(host, now);
    else this.answered(host);
  }

  /**
   * The host asks for a pause: the others go on without it.
   * @returns milliseconds until any host may be asked; 0: another one may be asked now
   */
  hold(host: number, ms: number, now: number): number {
    this.avoidUntil[host] = Math.max(this.until(host), now + Math.min(AVOID_CAP, ms));
    return Math.max(0, Math.min(...this.avoidUntil) - now);
  }

  private answered(host: number): void {
    this.asked[host] = Math.max(0, (this.asked[host] ?? 0) - 1);
  }

  /** Whether a host may be asked sooner than another or, if both are only silent, has answered later. */
  private isSooner(host: number, other: number): boolean {
    const ms = this.until(host) - this.until(other);
    return ms < 0 || (ms === 0 && (this.silentSince[host] ?? 0) > (this.silentSince[other] ?? 0));
  }

  private isReady(host: number, now: number): boolean {
    return this.until(host) <= now && !this.isSilent(host, now);
  }

  private isSilent(host: number, now: number): boolean {
    return (this.asked[host] ?? 0) > 0 && now - (this.silentSince[host] ?? 0) >= SILENT_MS;
  }

  private until(host: number): number {
    return this.avoidUntil[host] ?? 0;
  }
}

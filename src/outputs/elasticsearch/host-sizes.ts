// Learns per host how large a request it takes, from 413 and from repeated 429 for whole requests. A body that is too large for
// one host goes to another one. Invariants: a host is known to refuse a size only if it has answered 413 to a request that was
// no larger; a size that a host may refuse is sent to it once in many requests, so that hardly a byte is sent in vain.

/** Bytes of a body, before and after compression. Servers limit the one, proxies before them the other. */
export interface Size {
  readonly plain: number;
  readonly wire: number;
}

/** The first value of `HostSize.needed`, and the largest. It doubles with each try that fails. */
const NEEDED = 8;
const MOST_NEEDED = 4096;
/** Requests in a row that a host turns away (429) before its limit is halved. */
const TURNED_AWAY = 3;

interface HostSize {
  /** Bytes before compression: larger requests go to other hosts. */
  limit: number;
  /** The smallest request that was answered by 413. */
  refused: Size | undefined;
  turnedAway: number;
  /** Requests above the limit that other hosts have taken since the last try. */
  passed: number;
  /** Requests above the limit that other hosts must take before this host is tried with one. */
  needed: number;
  /** A request above the limit is under way. */
  isTrying: boolean;
}

export class HostSizes {
  private readonly sizes: readonly HostSize[];

  constructor(hosts: number) {
    this.sizes = Array.from({ length: hosts }, () => ({
      limit: Infinity,
      refused: undefined,
      turnedAway: 0,
      passed: 0,
      needed: NEEDED,
      isTrying: false,
    }));
  }

  /** Whether the host is expected to take a request of this size, or is due to be tried with one. */
  fits(host: number, { plain }: Size): boolean {
    const one = this.of(host);
    return plain <= one.limit || (one.passed >= one.needed && !one.isTrying);
  }

  /** Whether the host has refused a request that was no larger. */
  refuses(host: number, { plain, wire }: Size): boolean {
    const { refused } = this.of(host);
    return refused !== undefined && plain >= refused.plain && wire >= refused.wire;
  }

  /** The request is being sent to the host. */
  asked(host: number, { plain }: Size): void {
    const one = this.of(host);
    if (plain > one.limit) Object.assign(one, { isTrying: true, passed: 0 });
  }

  /** The request has ended. @param how other: neither of the three, or no answer */
  ended(host: number, size: Size, how: "took" | "too-large" | "turned-away" | "other"): void {
    const one = this.of(host);
    if (size.plain > one.limit) one.isTrying = false;
    if (how === "took") this.took(host, size);
    if (how === "too-large") refused(one, size);
    if (how === "turned-away" && ++one.turnedAway >= TURNED_AWAY) lower(one, size);
  }

  private took(host: number, size: Size): void {
    const one = this.of(host);
    one.turnedAway = 0;
    if (size.plain > one.limit) Object.assign(one, { limit: size.plain, needed: NEEDED });
    if (this.refuses(host, size)) Object.assign(one, { limit: Infinity, refused: undefined });
    for (const other of this.sizes) if (size.plain > other.limit) other.passed++;
  }

  private of(host: number): HostSize {
    return this.sizes[host] as HostSize;
  }
}

function refused(one: HostSize, size: Size): void {
  if (size.plain > one.limit) one.needed = Math.min(MOST_NEEDED, one.needed * 2);
  if (one.refused === undefined || size.plain < one.refused.plain) one.refused = size;
  lower(one, size);
}

function lower(one: HostSize, { plain }: Size): void {
  Object.assign(one, { limit: Math.min(one.limit, Math.floor(plain / 2)), turnedAway: 0, passed: 0 });
}

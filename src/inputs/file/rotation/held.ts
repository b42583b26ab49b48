// Held candidates: files that are not read yet, since they may be copies. Keeps since when, why, and when to judge them again.
import type { Verdict, Verdicts } from "../identity/candidate.ts";
import { type CandidateFacts, type Hold, type HoldReason, MOST_HELD_MS, WHOLE_MS } from "../identity/resolve.ts";
import type { Shared } from "../shared.ts";
import type { Tail } from "../tail/tail.ts";

/** Pause between two judgements of a file. It doubles up to MOST_MS. */
const FIRST_MS = 250;
const MOST_MS = 8000;
/** A file held for longer is logged. */
const SAID_MS = 10_000;

export interface Held {
  /** The `fileKey` of the file. */
  readonly key: string;
  /** resume: only a source may resume in it, since no pattern matches its path. */
  readonly scope: "any" | "resume";
  readonly seenAt: number;
  grownAt: number;
  size: number;
  holds: readonly Hold[];
  dueAt: number;
  pause: number;
  said: "no" | "yes";
  readonly verdicts: Map<Tail, Verdict>;
  /** Failed attempts to compare it with a source, and when to try again. */
  failures: number;
  retryAt: number;
}

export class HeldCandidates {
  private readonly files = new Map<string, Held>();
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  get size(): number {
    return this.files.size;
  }

  get paths(): Iterable<string> {
    return this.files.keys();
  }

  at(path: string): Held | undefined {
    return this.files.get(path);
  }

  /** Files to be judged again now. */
  due(): readonly (readonly [path: string, held: Held])[] {
    const now = this.shared.clock.now();
    return [...this.files].filter(([, { dueAt }]) => dueAt <= now);
  }

  /** Compressed files to compare with their sources: at once if the source has lost its file, else when they are whole. */
  toVerify(holding: CandidateFacts["holding"]): readonly (readonly [path: string, held: Held, source: Tail])[] {
    const now = this.shared.clock.now();
    const before = now - (holding === "allowed" ? WHOLE_MS : 0);
    const due = [...this.files].filter(([, { retryAt }]) => holding === "over" || retryAt <= now);
    return due.flatMap(([path, held]) =>
      held.holds
        .filter(({ why, source }) => why === "unverified" && (source.mode === "detached" || held.grownAt <= before))
        .map(({ source }) => [path, held, source] as const),
    );
  }

  /**
   * A disk or a server did not let it be compared.
   * @returns whether to try again later: for as long as a file is held without evidence
   */
  failed(held: Held): boolean {
    const now = this.shared.clock.now();
    held.retryAt = now + FIRST_MS * 2 ** ++held.failures;
    return held.retryAt - held.seenAt < MOST_HELD_MS;
  }

  /** Whether any file is held because of this source. */
  awaits(source: Tail): boolean {
    return [...this.files.values()].some(({ holds }) => holds.some((hold) => hold.source === source));
  }

  /** Whether a held file under another name is a copy of this source. */
  hasCopy(source: Tail): "yes" | "perhaps" | "no" {
    let copy: "perhaps" | "no" = "no";
    for (const [path, { holds }] of this.files) {
      const why = holds.find((hold) => hold.source === source)?.why;
      if (why === undefined || path === source.path) continue;
      if (why === "unread" || why === "complete") return "yes";
      copy = "perhaps";
    }
    return copy;
  }

  /** Makes all held files due: what they wait for may have happened. */
  hurry(): void {
    for (const held of this.files.values()) held.dueAt = 0;
  }

  drop(path: string): void {
    this.files.delete(path);
  }

  /**
   * What is known of a file before it is judged. Another file starts anew; another size resets the quiet time and the verdicts.
   */
  facts(path: string, key: string, size: number): Omit<CandidateFacts, "holding"> & { verdicts: Verdicts } {
    const now = this.shared.clock.now();
    const held = this.files.get(path);
    if (held?.key !== key) {
      this.drop(path);
      return { size, waitedMs: 0, quietMs: 0, verdicts: new Map() };
    }
    if (held.size !== size) {
      held.size = size;
      held.grownAt = now;
      held.pause = FIRST_MS;
      held.verdicts.clear();
    }
    return { size, waitedMs: now - held.seenAt, quietMs: now - held.grownAt, verdicts: held.verdicts };
  }

  hold(path: string, key: string, size: number, holds: readonly Hold[], scope: Held["scope"]): void {
    const now = this.shared.clock.now();
    const held = this.files.get(path) ?? this.begin(path, key, size, scope);
    held.holds = holds;
    held.dueAt = now + held.pause;
    held.pause = Math.min(MOST_MS, 2 * held.pause);
    const waits = holds.find(({ why }) => why !== "unread" && why !== "complete");
    if (held.said === "no" && waits !== undefined && now - held.seenAt >= SAID_MS) {
      held.said = "yes";
      const { source, why } = waits;
      this.shared.reports.warn("file_waits", waitsMessage(path, waits), { path, source: source.path, why });
    }
  }

  private begin(path: string, key: string, size: number, scope: Held["scope"]): Held {
    const now = this.shared.clock.now();
    const times = { seenAt: now, grownAt: now, dueAt: now, pause: FIRST_MS };
    const held: Held = {
      key,
      scope,
      size,
      holds: [],
      ...times,
      said: "no",
      verdicts: new Map(),
      failures: 0,
      retryAt: 0,
    };
    this.files.set(path, held);
    return held;
  }
}

const BECAUSE: Readonly<Record<HoldReason, string>> = {
  incomplete: "it begins like a copy of it that is being made",
  complete: "it is a copy of it",
  unread: "it is a copy of it",
  unverified: "it begins like it, and is to be unpacked to see whether it is a copy",
  undecided: "it looks like a copy of it, and that file cannot be looked for now",
};

function waitsMessage(path: string, { source, why }: Hold): string {
  return `${path} is not read yet, because of ${source.path}: ${BECAUSE[why]}. It is read a minute after it has last grown.`;
}

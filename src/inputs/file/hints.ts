// From what the watcher says to looks: a path of ours is looked at now, a path that matches is considered as a new file.
// A file that is written to all the time is not read at every hint: that would make chunks of one line.
import { join } from "node:path";
import type { Discovery } from "./discovery.ts";
import type { Looker } from "./look.ts";
import type { Shared } from "./parts.ts";
import { leads, type Pattern, rootOf } from "./patterns.ts";
import type { Registry } from "./registry.ts";
import type { Tail } from "./tail.ts";
import { Watch } from "./watch.ts";

/** From a hint to the look; all that come meanwhile are one. */
export const PACE_MS = 25;
/**
 * The kernel keeps 16,384 events for a process that has no time for them, and drops further ones: nobody says so, but all
 * that it kept come at once.
 */
const FLOOD = 8192;

/** Of all inputs, since the last looks: one process has one queue. */
let heard = 0;
const started = new Set<Hints>();

export interface HintsParts {
  readonly shared: Shared;
  readonly patterns: readonly Pattern[];
  readonly excluded: (path: string) => boolean;
  readonly registry: Registry;
  readonly looker: Looker;
  readonly discovery: Discovery;
  /** A directory is watched from now on: what is in it by then is to be looked for. */
  readonly entered: () => void;
}

export class Hints {
  private readonly parts: HintsParts;
  private readonly hinted = new Set<Tail>();
  private planned: "no" | "yes" = "no";
  private watch: Watch | undefined;

  constructor(parts: HintsParts) {
    this.parts = parts;
  }

  start(): void {
    const { looker } = this.parts;
    this.watch = new Watch({
      ignored: (path, kind) => this.ignored(path, kind),
      hint: (place, name) => this.hint(place, name),
      entered: this.parts.entered,
      blind: () => looker.expect("no hints"),
      log: this.parts.shared.log,
    });
    looker.expect("hints");
    this.follow();
    started.add(this);
  }

  /** Watches where the patterns lead now. */
  follow(): void {
    for (const pattern of this.parts.patterns) this.watch?.add(rootOf(pattern));
  }

  async stop(): Promise<void> {
    started.delete(this);
    await this.watch?.close();
  }

  /**
   * The watcher is to look at directories that lead further, and at links to files, whose directories are watched for them.
   * Of whatever else is gone it would list the directory to see what became of it, at every removal.
   */
  private ignored(path: string, kind: "directory" | "unknown"): boolean {
    const { patterns, registry } = this.parts;
    if (patterns.some((pattern) => leads(pattern, path))) return false;
    return kind === "directory" || registry.at(path)?.target === undefined;
  }

  private wanted(path: string): boolean {
    return this.parts.patterns.some((pattern) => pattern.matches(path)) && !this.parts.excluded(path);
  }

  /** @param place a directory, or a link to a file called `name` */
  private hint(place: string, name: string): void {
    const { discovery, registry, shared } = this.parts;
    if (shared.signal.aborted) return;
    heard++;
    if (this.planned === "no") shared.clock.after(PACE_MS, () => this.look());
    this.planned = "yes";
    const path = join(place, name);
    const tail = registry.at(path) ?? registry.at(place);
    if (tail === undefined) {
      if (this.wanted(path)) discovery.consider(path);
      return;
    }
    this.hinted.add(tail);
  }

  private look(): void {
    const { discovery, looker, shared } = this.parts;
    this.planned = "no";
    if (shared.signal.aborted) return;
    for (const tail of this.hinted) looker.hinted(tail);
    this.hinted.clear();
    discovery.considerVacated();
    if (heard >= FLOOD) for (const hints of started) hints.lookAtAll();
    heard = 0;
  }

  /** Any of them may have changed unheard of, and any directory. */
  private lookAtAll(): void {
    const { entered, looker, registry } = this.parts;
    for (const tail of registry.all) looker.soon(tail);
    entered();
  }
}

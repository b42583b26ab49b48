// Tails files: finds them, reads them turn by turn, and hands over what was read. Four kinds of loops, all ended by one
// signal: scans (which files there are), looks (what became of each), turns (reading), and hints that make looks sooner.
// What must hold: the known sources are matched against files before anything is read.
import type { Region } from "../../core/arena.ts";
import type { FileInputOptions } from "../../core/options.ts";
import { Wakeup } from "../../core/wakeup.ts";
import { Agenda, TICK_MS } from "./agenda.ts";
import { Contents } from "./contents.ts";
import { Descriptors } from "./descriptors.ts";
import { Discovery } from "./discovery.ts";
import { Endings } from "./endings.ts";
import { framingFor } from "./records/framings.ts";
import { Generations } from "./generations.ts";
import { Goals } from "./goals.ts";
import { Growth } from "./growth.ts";
import { abandonBeyond } from "./held.ts";
import { Heirs } from "./heirs.ts";
import { Hints } from "./hints.ts";
import { KnownSources } from "./known.ts";
import { readTheLast } from "./last-reading.ts";
import { Looker } from "./look.ts";
import { Nag } from "./nag.ts";
import type { FileInputParts, Shared } from "./parts.ts";
import { excluding, compile } from "./patterns.ts";
import { Reader } from "./reader.ts";
import { ReadyQueue } from "./ready.ts";
import { Registry } from "./registry.ts";
import { Renames } from "./renames.ts";
import { type FileInputStatus, statusOf } from "./status.ts";
import { Suspects } from "./suspects.ts";
import type { LaneName, Tail } from "./tail.ts";
import { encodingOf } from "./records/text-code.ts";

/** Reads at once: more bring nothing, the thread pool has four threads. */
const READERS = 3;
const RESCAN_MS = 8000;
/** From a directory that is watched from now on to a scan; several are one. */
export const ENTERED_MS = 100;
/** Looks between two breaths of the event loop. */
const SLICE = 200;

export class FileInput {
  /** Rejects when something happened that must end the process; resolves after stop. */
  readonly ended: Promise<void>;
  private readonly shared: Shared;
  private readonly stopping = new AbortController();
  private readonly registry = new Registry();
  private readonly ready = new ReadyQueue();
  private readonly agenda = new Agenda();
  private readonly growth: Growth;
  private readonly goals: Goals;
  private readonly contents: Contents;
  private readonly descriptors: Descriptors;
  private readonly endings: Endings;
  private readonly generations: Generations;
  private readonly looker: Looker;
  private readonly renames: Renames;
  private readonly discovery: Discovery;
  private readonly heirs: Heirs;
  private readonly reader: Reader;
  private readonly hints: Hints | undefined;
  /** Directories that are watched since the last scan began. */
  private unscanned: "none" | "some" = "none";
  private readonly entered: Wakeup;
  private readonly loops: Promise<void>[] = [];
  private inheriting: Promise<void> | undefined;
  private readonly end = Promise.withResolvers<void>();

  constructor(options: FileInputOptions, parts: FileInputParts) {
    const nag = new Nag(parts.log, parts.clock);
    const unread = { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 };
    const sinceNs = (BigInt(Math.floor(parts.clock.wall())) * 1_000_000n).toString();
    const shared: Shared = {
      ...parts,
      options,
      unread,
      rereads: { files: 0 },
      nag,
      sinceNs,
      signal: this.stopping.signal,
    };
    const patterns = options.paths.map(compile);
    const excluded = excluding(options.exclude);
    const { registry, ready, agenda } = this;
    this.shared = shared;
    this.ended = this.end.promise;
    this.goals = new Goals(parts.mode);
    this.growth = new Growth(parts.clock);
    this.entered = new Wakeup(parts.clock);
    this.descriptors = new Descriptors(nag);
    const encoding = encodingOf(options.encoding);
    const framing = framingFor(options, encoding, parts.kernel, () => parts.clock.wall());
    const { cutBehind } = framing;
    this.contents = new Contents(shared, ready, cutBehind);
    this.endings = new Endings(shared);
    const { contents, descriptors, endings, growth } = this;
    this.generations = new Generations({ shared, registry, descriptors, endings, ready, encoding, cutBehind });
    const { generations } = this;
    this.looker = new Looker({ shared, registry, contents, descriptors, generations, ready, agenda, growth });
    const { looker } = this;
    this.renames = new Renames({ shared, registry, generations, looker });
    const { renames } = this;
    const known = new KnownSources(parts.intake.known(options.id));
    const suspects = new Suspects({ shared, registry, known, descriptors, endings, looker });
    const finding = { shared, registry, known, descriptors, endings, generations, suspects };
    this.discovery = new Discovery({ ...finding, patterns, excluded, looker, renames });
    this.reader = new Reader({ shared, framing, encoding, contents, descriptors, generations, fault: this.end.reject });
    const { discovery } = this;
    this.heirs = new Heirs({ ...finding, discovery });
    const entered = (): void => this.enter();
    if (parts.mode === "follow")
      this.hints = new Hints({ shared, patterns, excluded, registry, looker, discovery, entered });
  }

  /** Resolves when the first scan is done and reading has begun. */
  async start(): Promise<void> {
    const scan = this.discovery.scan();
    this.loops.push(scan);
    await scan;
    if (this.shared.signal.aborted) return;
    if (this.shared.mode === "once") await this.heirs.decideAll();
    this.growth.reset();
    this.hints?.start();
    for (let i = 0; i < READERS; i++) this.run(this.read("named"));
    this.run(this.read("nameless"));
    this.inherit();
    this.run(this.sweep());
    if (this.shared.mode === "follow") this.run(this.rescan());
  }

  /** Reads nothing more; resolves when no read is under way and every descriptor is closed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.ready.close();
    await Promise.allSettled([...this.loops, this.inheriting, this.hints?.stop()]);
    this.contents.close();
    for (const tail of this.registry.all) this.descriptors.close(tail);
    this.end.resolve();
  }

  /**
   * After start: resolves when every file was read to the end that it has now. With `once` that includes a last line
   * without line end, and leaves out files that cannot be read.
   */
  async done(): Promise<void> {
    for (const tail of this.registry.all) this.looker.look(tail);
    await this.goals.reached(this.registry.all);
  }

  /** Before a stop: as last-reading.ts has it. */
  readTheLast(signal: AbortSignal): Promise<void> {
    const { shared, registry, looker, goals } = this;
    return readTheLast({ shared, registry, looker, goals }, signal);
  }

  status(): FileInputStatus {
    return statusOf(this.registry, this.growth, this.shared);
  }

  private run(loop: Promise<void>): void {
    this.loops.push(loop.catch((error: unknown) => this.fail(error)));
  }

  private fail(error: unknown): void {
    if (!this.shared.signal.aborted) this.end.reject(error);
  }

  private async read(lane: LaneName): Promise<void> {
    const { intake, options, signal } = this.shared;
    const urgency = lane === "nameless" ? "at-risk" : "none";
    for (;;) {
      const claimed = await this.ready.claim(lane);
      if (claimed === undefined) return;
      const region = await intake.room(options.id, this.reader.room(claimed), signal, urgency);
      const tail = this.ready.take(lane);
      if (tail === undefined || signal.aborted) intake.release(region);
      else await this.turn(tail, region);
    }
  }

  private async turn(tail: Tail, region: Region): Promise<void> {
    const outcome = await this.reader.turn(tail, region);
    // Who reads nothing does not stand in line again: its turns would follow one another, and no look or timer have theirs.
    if (outcome === "unread") this.looker.retry(tail);
    else if (tail.readable) this.ready.push(tail);
    this.descriptors.relieve(tail);
    this.goals.check();
  }

  private async sweep(): Promise<void> {
    const { clock, options, signal } = this.shared;
    for (;;) {
      await clock.sleep(TICK_MS, signal);
      let count = 0;
      for (const tail of this.agenda.next()) {
        if (++count % SLICE === 0) await clock.sleep(0, signal);
        if (signal.aborted) return;
        this.looker.look(tail);
      }
      if (signal.aborted) return;
      this.discovery.considerVacated();
      this.discovery.considerLater(await this.renames.search());
      this.inherit();
      abandonBeyond(options.held, this.registry, this.generations, this.shared);
      this.endings.tidy();
      this.growth.turn();
      this.goals.check();
    }
  }

  /** With each tick, but the sweep does not wait: to unpack a large file takes seconds. */
  private inherit(): void {
    this.inheriting ??= this.heirs
      .decide()
      .catch((error: unknown) => this.fail(error))
      .finally(() => (this.inheriting = undefined));
  }

  private enter(): void {
    this.unscanned = "some";
    this.entered.notify();
  }

  private async rescan(): Promise<void> {
    const { clock, signal } = this.shared;
    for (;;) {
      if (this.unscanned === "none") await this.entered.wait(RESCAN_MS, signal);
      await clock.sleep(ENTERED_MS, signal);
      if (signal.aborted) return;
      this.unscanned = "none";
      this.hints?.follow();
      await this.discovery.scan();
    }
  }
}

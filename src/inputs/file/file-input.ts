// The file input: finds files, tails them and hands over what it reads. One abort signal ends all its loops: scans (which files
// exist), polls (what happened to each file), reads, and notifications, which make polls come sooner.
// Invariant: the known sources are matched against files before anything is read.
import type { BigIntStats } from "node:fs";
import type { FileInputOptions } from "../../core/options.ts";
import { type TimeSlice, timeSliceOf } from "../../core/time-slice.ts";
import { FirstStart } from "./discovery/first-start.ts";
import { compile, excluding } from "./discovery/glob.ts";
import { Notifications } from "./discovery/notifications.ts";
import { Scanner } from "./discovery/scanner.ts";
import { Links } from "./identity/links.ts";
import { Relations } from "./identity/relations.ts";
import { SourceIndex } from "./identity/source-index.ts";
import { framingFor } from "./records/framings.ts";
import { encodingOf } from "./records/text-code.ts";
import { Assignments } from "./rotation/assignments.ts";
import { Coordinator } from "./rotation/coordinator.ts";
import { HeldCandidates } from "./rotation/held.ts";
import { leave, takeOver } from "./rotation/left.ts";
import { isSearched, Search } from "./rotation/search.ts";
import { abandonBeyond } from "./rotation/unlinked.ts";
import { verifyHeld } from "./rotation/verify.ts";
import { Reports } from "./reports.ts";
import type { FileInputParts, Left, Shared } from "./shared.ts";
import { type FileInputStatus, statusOf } from "./status.ts";
import { Contents } from "./tail/contents.ts";
import { Descriptors } from "./tail/descriptors.ts";
import { Drain } from "./tail/drain.ts";
import { readTheLast } from "./tail/last-reading.ts";
import { Poller } from "./tail/poller.ts";
import { Reader } from "./tail/reader.ts";
import { ReadQueue } from "./tail/read-queue.ts";
import { type QueueName, Tail } from "./tail/tail.ts";
import { TICK_MS, TimerWheel } from "./tail/timer-wheel.ts";

/** Concurrent readers. More gain nothing: the thread pool has four threads. */
const READERS = 3;

export class FileInput {
  /** Rejects on an error that must end the process; resolves after `stop`. */
  readonly ended: Promise<void>;
  private readonly shared: Shared;
  private readonly slice: TimeSlice;
  private readonly stopping = new AbortController();
  private stopped: Promise<void> | undefined;
  private readonly index = new SourceIndex();
  private readonly queue = new ReadQueue();
  private readonly wheel = new TimerWheel();
  private readonly drain: Drain;
  private readonly contents: Contents;
  private readonly descriptors: Descriptors;
  private readonly assignments: Assignments;
  private readonly held: HeldCandidates;
  private readonly poller: Poller;
  private readonly coordinator: Coordinator;
  private readonly search: Search;
  private readonly scanner: Scanner;
  private readonly reader: Reader;
  private readonly notifications: Notifications | undefined;
  private readonly loops: Promise<void>[] = [];
  private verifying: Promise<void> | undefined;
  private readonly end = Promise.withResolvers<void>();

  constructor(options: FileInputOptions, parts: FileInputParts) {
    const { clock, intake, kernel, log, mode } = parts;
    this.slice = timeSliceOf(clock);
    const reports = new Reports(log, clock);
    const shared: Shared = {
      ...parts,
      options,
      unread: { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 },
      counts: { failures: 0, refusedLinks: 0 },
      reports,
      sinceMs: Math.floor(clock.wall()),
      signal: this.stopping.signal,
    };
    const patterns = options.paths.map(compile);
    const matches = (path: string): boolean => patterns.some((pattern) => pattern.matches(path));
    const excluded = excluding(options.exclude);
    const { index, queue, wheel } = this;
    this.shared = shared;
    this.ended = this.end.promise;
    this.drain = new Drain(mode);
    const encoding = encodingOf(options.encoding);
    const late = (): void => reports.patternsSlow(options.id);
    const tools = { wall: () => clock.wall(), now: () => clock.now(), late };
    const framing = framingFor(options, encoding, kernel, tools, parts.recordIndex);
    const { cutBehind } = framing;
    const contents = (this.contents = new Contents(shared, queue, cutBehind));
    const descriptors = (this.descriptors = new Descriptors(shared));
    const assignments = (this.assignments = new Assignments({
      shared,
      index,
      descriptors,
      queue,
      encoding,
      cutBehind,
    }));
    const filled = (tail: Tail): void => this.coordinator.considerFilled(tail);
    const polled = { shared, index, contents, descriptors, assignments, queue, wheel, filled };
    const poller = (this.poller = new Poller(polled));
    const held = (this.held = new HeldCandidates(shared));
    const hasCopy = (source: Tail): "yes" | "perhaps" | "no" => (isSearched(source) ? "perhaps" : held.hasCopy(source));
    const relations = new Relations({ index, descriptors, matches, hasCopy, poll: (tail) => poller.poll(tail) });
    const firstStart = new FirstStart(shared);
    const deciding = { shared, index, assignments, held, excluded };
    const links = new Links(shared);
    const coordinator = new Coordinator({ ...deciding, links, relations, descriptors, poller, firstStart });
    this.coordinator = coordinator;
    const search = (this.search = new Search({ ...deciding, coordinator, matches }));
    const finding = { shared, patterns, excluded, index, poller, coordinator };
    this.scanner = new Scanner({ ...finding, search, firstStart });
    const fault = this.end.reject;
    this.reader = new Reader({ shared, framing, encoding, contents, descriptors, assignments, poller, fault });
    const entered = (): void => this.scanner.ask();
    if (mode === "follow") this.notifications = new Notifications({ ...finding, entered });
    for (const known of intake.known(options.id)) index.expect(Tail.expected(known, clock.now(), parts.left?.sizes));
  }

  /** Resolves when the first scan is done and reading has begun. */
  async start(): Promise<void> {
    const { left, mode, signal } = this.shared;
    const { index, assignments, poller } = this;
    if (left !== undefined) takeOver(left, { index, assignments, poller });
    const scan = this.scanner.scan();
    this.loops.push(scan);
    await scan;
    if (mode === "once" && !signal.aborted) await this.decideAll();
    if (signal.aborted) return;
    if (this.slice.isOver) await this.slice.next();
    this.notifications?.start();
    for (let i = 0; i < READERS; i++) this.run(this.read("named"));
    this.run(this.read("unlinked"));
    this.run(this.pollAll());
    const follow = (): void => this.notifications?.follow();
    if (mode === "follow") this.run(this.scanner.scanAll(follow));
  }

  /** Stops reading. Resolves when no read is under way and every descriptor is closed, or in `left` for a successor. */
  stop(left?: Left): Promise<void> {
    this.stopped ??= this.shutDown(left);
    return this.stopped;
  }

  private async shutDown(left?: Left): Promise<void> {
    this.stopping.abort();
    this.queue.close();
    await Promise.allSettled([...this.loops, this.verifying, this.notifications?.stop()]);
    this.contents.close();
    if (left !== undefined) leave(left, this.index, this.descriptors);
    for (const tail of this.index.attached) this.descriptors.close(tail);
    this.shared.reports.end();
    this.end.resolve();
  }

  /**
   * Call after `start`. Resolves when every file has been read to its current end. In `once` mode this includes a last line
   * without line end, and skips unreadable files.
   */
  async done(): Promise<void> {
    for (const tail of [...this.index.attached]) this.poller.poll(tail);
    await this.drain.reached(this.index.attached);
    if (this.shared.mode !== "once" || this.held.size === 0) return;
    // The held files may be copies of files that have just been read: decide them now.
    await this.decideAll();
    await this.drain.reached(this.index.attached);
  }

  /** The last reading before a stop (last-reading.ts). Does nothing once the input is stopping. */
  async readTheLast(signal: AbortSignal): Promise<void> {
    const { shared, index, poller, drain } = this;
    if (shared.signal.aborted) return;
    return readTheLast({ shared, index, poller, drain }, signal);
  }

  status(): FileInputStatus {
    return statusOf(this.index, this.descriptors, this.shared);
  }

  /** The path by which this file is read; undefined if it is not. */
  pathOf(file: BigIntStats): string | undefined {
    return this.index.withFile(file)?.path;
  }

  private run(loop: Promise<void>): void {
    this.loops.push(loop.catch((error: unknown) => this.fail(error)));
  }

  private fail(error: unknown): void {
    if (!this.shared.signal.aborted) this.end.reject(error);
  }

  private async read(queue: QueueName): Promise<void> {
    const { intake, options, signal } = this.shared;
    const urgency = queue === "unlinked" ? "at-risk" : "none";
    for (;;) {
      const claimed = await this.queue.claim(queue);
      if (claimed === undefined) return;
      if (this.slice.isOver) await this.slice.next();
      const region = await intake.room(options.id, this.reader.room(claimed), signal, urgency);
      const tail = this.queue.take(queue);
      if (tail === undefined || signal.aborted) {
        intake.release(region);
        continue;
      }
      const outcome = await this.reader.read(tail, region);
      // A file that read nothing is not queued again at once: it would spin, and starve polls and timers.
      if (outcome === "unread") this.poller.retry(tail);
      else if (tail.readable) this.queue.push(tail);
      this.descriptors.relieve(tail);
      this.poller.closeIfQuiet(tail);
      this.drain.check();
    }
  }

  private async pollAll(): Promise<void> {
    const { clock, options, signal } = this.shared;
    for (;;) {
      await clock.sleep(TICK_MS, signal);
      for (const tail of this.wheel.next()) {
        if (this.slice.isOver) await this.slice.next();
        if (signal.aborted) return;
        this.poller.poll(tail);
      }
      if (signal.aborted) return;
      await this.coordinator.considerFreed();
      await this.search.run();
      if (signal.aborted) return;
      this.coordinator.considerHeld();
      this.verify();
      abandonBeyond(options.held, this.index, this.assignments, this.shared);
      this.assignments.forgetSettled();
      this.shared.reports.sumUp();
      this.drain.check();
    }
  }

  /** Started at each tick; the tick does not wait for it. */
  private verify(): void {
    if (this.held.size === 0 || this.verifying !== undefined) return;
    this.verifying = verifyHeld(this.held, "allowed", this.shared)
      .catch((error: unknown) => this.fail(error))
      .finally(() => (this.verifying = undefined));
  }

  /** For a `once` run: decides now what waiting would decide otherwise. */
  private async decideAll(): Promise<void> {
    const { coordinator, held, index, search, shared } = this;
    coordinator.endHolding();
    do {
      await search.run();
      await verifyHeld(held, "over", shared);
      held.hurry();
      coordinator.considerHeld();
    } while (index.detached.size + index.moved.size > 0 && !shared.signal.aborted);
  }
}

// A directory, the real tailer over it, and what must be handed over of every generation of its files: each byte once and
// in order, of what nobody destroyed; and no source is kept of a file that is gone.
import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, existsSync, renameSync, statSync, truncateSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { lastingKey } from "../../../../src/inputs/file/identity.ts";
import type { Change, Event, History } from "./history.ts";
import { clock, Tailed, violationIn } from "./tailed.ts";

const NAMES = ["a.log", "b.log"];
const KEPT = 3;
/** For so long that a quiet file gives its descriptor back. */
const QUIET_MS = 6000;
/** For so long that nobody waits for the writer of a file without a name any more. */
const LINGER_MS = 60_000;

/** What is in one file, and what must have been handed over of it at the end. */
interface Generation {
  /** Of its file. */
  key: string;
  text: string;
  /** The tailer has seen it under a name that the pattern matches. */
  seen: "yes" | "no";
  /** Bytes that the tailer has seen, with a descriptor open if they were unread. */
  noticed: number;
  /**
   * kept: all whole lines. nameless: all, a last line without end included; lost when the tailer stops. destroyed: what
   * was handed over is a prefix, and at least what was handed over when it happened.
   */
  fate: "kept" | "nameless" | "destroyed";
  /** Bytes that were surely handed over before it was destroyed. */
  sure: number;
}

/** Undefined: all that must hold did. @param patienceMs how long something is waited for */
export function play(history: History, patienceMs: number): Promise<string | undefined> {
  const world = new World(history, patienceMs);
  return violationIn(world, async () => {
    await world.start();
    for (const step of history.steps) {
      if ("file" in step) world.change(step.do, step.file);
      else await world.event(step.do);
    }
    await world.end(history.last);
  });
}

function keyOf(path: string): string {
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  return lastingKey({ inode: String(ino), birthNs: String(birthtimeNs) });
}

class World extends Tailed {
  private readonly generations: Generation[] = [];
  private readonly files: (Generation | undefined)[] = NAMES.map(() => undefined);
  private readonly rotated = new Map<string, Generation>();
  /** Of files whose content was cut away. */
  private readonly reused = new Set<string>();
  private readonly matched: History["pattern"];
  private readonly rotation: History["rotation"];
  private serial = 0;

  constructor({ pattern, rotation, hints }: History, patienceMs: number) {
    super(pattern, hints, patienceMs);
    this.matched = pattern;
    this.rotation = rotation;
  }

  async event(event: Event): Promise<void> {
    if (event === "settle") return this.settle();
    if (event === "notice") return this.notice();
    if (event === "rest") return clock.sleep(QUIET_MS);
    if (event === "block") return this.block();
    if (event === "unblock") return this.unblock();
    if (event !== "start") await this.stop(event === "crash" || event === "kill" ? "crash" : "stop");
    if (this.input === undefined && event !== "stop" && event !== "kill") await this.start();
  }

  change(what: Change, file: number): void {
    const path = join(this.dir, NAMES[file] ?? "");
    const generation = this.files[file];
    if (what === "write") return this.append(file, `${this.line()}\n`);
    if (what === "begin line") return this.append(file, this.line());
    if (generation === undefined) return;
    if (what === "end line") return generation.text.endsWith("\n") ? undefined : this.append(file, "\n");
    if (what === "rotate") {
      return this.rotation === "rename" ? this.rotate(path, file) : this.copyTruncate(path, file, generation);
    }
    if (what === "delete" || what === "replace") {
      unlinkSync(path);
      this.unlink(generation);
      this.files[file] = undefined;
      if (what === "replace") this.append(file, `${this.line()}\n`);
      return;
    }
    this.reused.add(generation.key);
    truncateSync(path, 0);
    this.destroy(generation);
    this.files[file] = undefined;
    this.append(file, this.instead(what, generation.text.length));
  }

  /** What is written over a file that had `length` bytes: less, more, or as much. */
  private instead(what: Change, length: number): string {
    const line = `${this.line()}\n`;
    if (what === "regrow") return "x".repeat(length) + line;
    return what === "overwrite" && length > line.length ? line.padStart(length, "o") : line;
  }

  private append(file: number, text: string): void {
    let generation = this.files[file];
    const path = join(this.dir, NAMES[file] ?? "");
    appendFileSync(path, text);
    if (generation === undefined) {
      generation = { key: keyOf(path), text: "", seen: "no", noticed: 0, fate: "kept", sure: 0 };
      this.files[file] = generation;
      this.generations.push(generation);
    }
    generation.text += text;
  }

  private rotate(path: string, file: number): void {
    for (let n = KEPT; n > 0; n--) {
      this.rename(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`, n === 1 ? file : -1);
    }
  }

  /** The copy is the same generation. A file of which nothing was read could not be told from another. */
  private copyTruncate(path: string, file: number, generation: Generation): void {
    if (this.textOf(generation) === "") return;
    this.reused.add(generation.key);
    for (let n = KEPT; n > 1; n--) this.rename(`${path}.${n - 1}`, `${path}.${n}`, -1);
    copyFileSync(path, `${path}.1`);
    generation.key = keyOf(`${path}.1`);
    this.rotated.set(`${path}.1`, generation);
    truncateSync(path, 0);
    this.files[file] = undefined;
  }

  private rename(from: string, to: string, file: number): void {
    const generation = file >= 0 ? this.files[file] : this.rotated.get(from);
    if (generation === undefined) return;
    const overwritten = this.rotated.get(to);
    if (overwritten !== undefined) this.unlink(overwritten);
    renameSync(from, to);
    this.rotated.delete(from);
    this.rotated.set(to, generation);
    if (file >= 0) this.files[file] = undefined;
    // It had its name for a moment only: it may never have been seen.
    if (generation.seen === "no" && this.matched === "*.log") this.destroy(generation);
  }

  private unlink(generation: Generation): void {
    if (generation.fate !== "kept") return;
    if (generation.noticed < generation.text.length) this.destroy(generation);
    else generation.fate = "nameless";
  }

  private destroy(generation: Generation): void {
    if (generation.fate === "destroyed") return;
    generation.fate = "destroyed";
    generation.sure = this.textOf(generation).length;
  }

  /** What was handed over of a generation: the source whose text begins as it does. */
  private textOf(generation: Generation): string {
    const [first = ""] = generation.text.split("\n", 1);
    const texts = this.intake.texts.filter((text) => text.startsWith(first));
    assert.ok(texts.length <= 1, `a generation was read twice: ${JSON.stringify(texts)}`);
    return texts[0] ?? "";
  }

  /** Waits until the tailer has looked at everything: what it knows to be unread is all that is. */
  private async notice(): Promise<void> {
    if (this.input === undefined || this.disturbed) return;
    const unread = (): number => {
      let sum = 0;
      for (const generation of this.generations)
        if (generation.fate !== "destroyed") sum += generation.text.length - this.textOf(generation).length;
      return sum;
    };
    const lag = (): number => this.input?.status().lagBytes ?? 0;
    await this.until(
      () => lag() === unread(),
      () => `${unread()} bytes to be noticed, not ${lag()}`,
    );
    for (const generation of this.generations) {
      if (generation.fate !== "kept") continue;
      generation.noticed = generation.text.length;
      generation.seen = "yes";
    }
  }

  /**
   * Of a destroyed file nobody knows what the tailer has seen, as long as it may still read it; of one that was written
   * over, as long as only a read can tell.
   */
  private get disturbed(): boolean {
    const present = [...this.files, ...this.rotated.values()].filter((generation) => generation !== undefined);
    if (present.some((generation) => generation.fate === "destroyed")) return true;
    const nameless = this.generations.filter(({ fate }) => fate === "nameless");
    const keys = new Set([...present, ...nameless].map((generation) => generation.key));
    const untold = present.filter((generation) => this.textOf(generation) === "");
    if (untold.some(({ key }) => this.reused.has(key))) return true;
    return this.intake.known("app").some(({ identity }) => !keys.has(lastingKey(identity)));
  }

  private get present(): number {
    return NAMES.filter((name) => existsSync(join(this.dir, name))).length + this.rotated.size;
  }

  private get sources(): number {
    return this.intake.known("app").length;
  }

  /** Waits until all that can be read was read. */
  private async settle(): Promise<void> {
    if (this.gate === "shut" || this.input === undefined) return;
    for (const generation of this.generations) {
      if (generation.fate === "destroyed") continue;
      const { text, fate } = generation;
      const whole = fate === "nameless" ? text : text.slice(0, text.lastIndexOf("\n") + 1);
      await this.until(
        () => this.textOf(generation) === whole,
        () => `${JSON.stringify(whole)} of a file`,
      );
      if (whole !== "") generation.seen = "yes";
    }
  }

  override async stop(how: "stop" | "crash"): Promise<void> {
    if (this.input === undefined) return;
    await super.stop(how);
    for (const generation of this.generations) {
      generation.noticed = 0;
      if (generation.fate === "nameless") this.destroy(generation);
      if (generation.fate === "destroyed" && how === "crash") generation.sure = 0;
    }
  }

  async end(last: History["last"]): Promise<void> {
    this.unblock();
    if (this.input === undefined) await this.start();
    await this.settle();
    await this.forgotten();
    if (last === "once") await this.readOnce();
    for (const generation of this.generations) {
      const text = this.textOf(generation);
      assert.ok(generation.text.startsWith(text), "something that was never in the file");
      assert.ok(text.length >= generation.sure, "less than before");
    }
    const firsts = new Set(this.generations.map((generation) => generation.text.split("\n")[0]));
    for (const text of this.intake.texts)
      if (text !== "") assert.ok(firsts.has(text.split("\n")[0]), `a source that begins in the middle: ${text}`);
  }

  /** Of files that are gone and read, nothing is kept. */
  private async forgotten(): Promise<void> {
    this.leap(LINGER_MS);
    await this.until(
      () => this.sources <= this.present,
      () => `${this.sources} sources of ${this.present} files to be forgotten`,
    );
  }

  private async readOnce(): Promise<void> {
    await this.stop("stop");
    await this.start("once");
    let done = false;
    void this.input?.done().then(() => (done = true));
    await this.until(
      () => done,
      () => "the end of reading once",
    );
    for (const generation of this.generations)
      if (generation.fate === "kept") assert.equal(this.textOf(generation), generation.text, "not read to its end");
  }

  private line(): string {
    return `${++this.serial} ${"-".repeat((this.serial * 7919) % 90)}`;
  }
}

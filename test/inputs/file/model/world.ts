// The real tailer on a directory, and a model of what it must hand over for every generation of each file: each byte once and in
// order, unless the file was destroyed. No source may be kept for a file that is gone.
import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, existsSync, renameSync, statSync, truncateSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { FINGERPRINT_LENGTH, inodeKey } from "../../../../src/inputs/file/identity/fingerprint.ts";
import type { Change, Event, History } from "./history.ts";
import { clock, Tailed, violationIn } from "./tailed.ts";

const NAMES = ["a.log", "b.log"];
const KEPT = 3;
/** Long enough for a quiet file's descriptor to be closed. */
const QUIET_MS = 6000;
/** Long enough that the tailer no longer waits for more writes to an unlinked file. */
const LINGER_MS = 60_000;

/** One generation: the content of one file, and what must have been handed over at the end. */
interface Generation {
  /** Identity of its file: inode and birth time. */
  key: string;
  text: string;
  /** Whether the tailer has seen it under a name that matches the pattern. */
  seen: "yes" | "no";
  /** Size that the tailer has seen. While bytes of it are unread, it keeps a descriptor open. */
  noticed: number;
  /**
   * kept: all complete lines must be handed over. unlinked: all lines, an unfinished last one included; unread bytes
   * are lost when the tailer stops. destroyed: a prefix, at least as long as what was handed over by then.
   */
  fate: "kept" | "unlinked" | "destroyed";
  /** Bytes handed over for certain before the content was destroyed. */
  sure: number;
}

/** Undefined: no invariant was violated. @param patienceMs timeout of each wait */
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
  return inodeKey({ inode: String(ino), birthNs: String(birthtimeNs) });
}

class World extends Tailed {
  private readonly generations: Generation[] = [];
  private readonly files: (Generation | undefined)[] = NAMES.map(() => undefined);
  private readonly rotated = new Map<string, Generation>();
  /** Files that were truncated and are used again. */
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
    if (what === "write") return this.append(file, `${this.line(file)}\n`);
    if (what === "begin line") return this.append(file, this.line(file));
    if (generation === undefined) return;
    if (what === "end line") return generation.text.endsWith("\n") ? undefined : this.append(file, "\n");
    if (what === "rotate") {
      return this.rotation === "rename" ? this.rotate(path, file) : this.copyTruncate(path, file, generation);
    }
    if (what === "delete" || what === "replace") {
      unlinkSync(path);
      this.unlink(generation);
      this.files[file] = undefined;
      if (what === "replace") this.append(file, `${this.line(file)}\n`);
      return;
    }
    this.reused.add(generation.key);
    truncateSync(path, 0);
    this.destroy(generation);
    this.files[file] = undefined;
    this.append(file, this.instead(what, file, generation.text.length));
  }

  /** New content for a truncated file that had `length` bytes: fewer bytes, more, or the same number. */
  private instead(what: Change, file: number, length: number): string {
    const line = `${this.line(file)}\n`;
    if (what === "regrow") return "x".repeat(length) + line;
    // Files with the same beginning and the same end cannot be told apart.
    const serial = String(this.serial);
    return what === "overwrite" && length > line.length + serial.length
      ? serial + line.padStart(length - serial.length, "o")
      : line;
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

  /** The copy continues the generation. None is made before a whole fingerprint was read: it could not be recognized. */
  private copyTruncate(path: string, file: number, generation: Generation): void {
    if (this.textOf(generation).length < FINGERPRINT_LENGTH) return;
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
    // It had its name for a moment only, so the tailer may never have seen it.
    if (generation.seen === "no" && this.matched === "*.log") this.destroy(generation);
  }

  private unlink(generation: Generation): void {
    if (generation.fate !== "kept") return;
    if (generation.noticed < generation.text.length) this.destroy(generation);
    else generation.fate = "unlinked";
  }

  private destroy(generation: Generation): void {
    if (generation.fate === "destroyed") return;
    generation.fate = "destroyed";
    generation.sure = this.textOf(generation).length;
  }

  /** What was handed over of a generation: the text of the source with the same first line. */
  private textOf(generation: Generation): string {
    const [first = ""] = generation.text.split("\n", 1);
    const texts = this.intake.texts.filter((text) => text.startsWith(first));
    assert.ok(texts.length <= 1, `a generation was read twice: ${JSON.stringify(texts)}`);
    return texts[0] ?? "";
  }

  /** Waits until the tailer has polled everything: its lag is exactly what is unread. */
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
   * Whether the tailer's lag cannot be predicted: it may still read a destroyed file, or only a read can reveal that a file was
   * overwritten.
   */
  private get disturbed(): boolean {
    const present = [...this.files, ...this.rotated.values()].filter((generation) => generation !== undefined);
    if (present.some((generation) => generation.fate === "destroyed")) return true;
    const unlinked = this.generations.filter(({ fate }) => fate === "unlinked");
    const keys = new Set([...present, ...unlinked].map((generation) => generation.key));
    const untold = present.filter((generation) => this.textOf(generation) === "");
    if (untold.some(({ key }) => this.reused.has(key))) return true;
    return this.intake.known("app").some(({ identity }) => !keys.has(inodeKey(identity)));
  }

  private get present(): number {
    return NAMES.filter((name) => existsSync(join(this.dir, name))).length + this.rotated.size;
  }

  private get sources(): number {
    return this.intake.known("app").length;
  }

  /** Waits until everything readable was read. */
  private async settle(): Promise<void> {
    if (this.gate === "shut" || this.input === undefined) return;
    for (const generation of this.generations) {
      if (generation.fate === "destroyed") continue;
      const { text, fate } = generation;
      const whole = fate === "unlinked" ? text : text.slice(0, text.lastIndexOf("\n") + 1);
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
      if (generation.fate === "unlinked") this.destroy(generation);
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

  /** Waits until no source is kept of files that are gone and read. */
  private async forgotten(): Promise<void> {
    // Even polls alone notice within this time that a file was unlinked.
    await clock.sleep(12_000);
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

  /** With copytruncate, the first line of each file is longer than a fingerprint. */
  private line(file: number): string {
    const first = this.rotation === "copytruncate" && this.files[file] === undefined;
    return `${++this.serial} ${"-".repeat(((this.serial * 7919) % 90) + (first ? FINGERPRINT_LENGTH : 0))}`;
  }
}

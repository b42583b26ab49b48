// What programs and logrotate do to log files, at random: lines of many lengths, empty lines, lines written in two halves, rename
// rotation under an open descriptor, deletion of files that are durably read. Invariant: no line is removed before the agent had
// a chance to read it, so every line must arrive.
import { appendFileSync, closeSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { KnownSource } from "../../src/core/source.ts";
import type { Random } from "./random.ts";

interface LogFile {
  path: string;
  readonly fd: number;
  /** Inode and birth time, because the inode number of a deleted file is reused at once. */
  readonly identity: string;
  size: number;
  /** The second half of an unfinished line. */
  rest: string;
}

/** A line as it must arrive. */
export interface Written {
  readonly offset: number;
}

const NAMES = ["web", "app", "db"];

export class Writer {
  /** Lines by message. */
  readonly lines = new Map<string, Written>();
  bytes = 0;
  private readonly directory: string;
  private readonly random: Random;
  private readonly current = new Map<string, LogFile>();
  private readonly rotated: LogFile[] = [];
  private rotations = 0;

  constructor(directory: string, random: Random) {
    this.directory = directory;
    this.random = random;
  }

  /** One random action on the logs. @param durable sources with their durable checkpoints */
  step(durable: readonly KnownSource[]): void {
    const { random } = this;
    const name = random.pick(NAMES);
    if (random.chance(0.03)) return this.rotate(name, durable);
    if (random.chance(0.05)) return this.removeOne(durable);
    this.write(name, random.chance(0.02) ? 4000 : random.below(60));
  }

  write(name: string, count: number): void {
    const file = this.file(name);
    let text = "";
    for (let i = 0; i < count; i++) text += this.line(file, text.length);
    const cut = this.random.chance(0.2) ? this.random.below(text.length) : text.length;
    this.put(file, text.slice(0, cut));
    file.rest = text.slice(cut);
  }

  /** Completes every line and closes every file. */
  finish(): void {
    for (const name of this.current.keys()) this.write(name, 1);
    for (const file of [...this.current.values(), ...this.rotated]) {
      this.complete(file);
      closeSync(file.fd);
    }
  }

  private line(file: LogFile, before: number): string {
    if (this.random.chance(0.01)) return "\n";
    const message = `line ${this.lines.size} ${"x".repeat(this.random.below(this.random.chance(0.02) ? 3000 : 150))}`;
    this.lines.set(message, { offset: file.size + before });
    return `${message}\n`;
  }

  private file(name: string): LogFile {
    let file = this.current.get(name);
    if (file === undefined) {
      const path = join(this.directory, `${name}.log`);
      appendFileSync(path, "");
      const { ino, birthtimeNs } = statSync(path, { bigint: true });
      const identity = `${ino} ${birthtimeNs}`;
      this.current.set(name, (file = { path, fd: openSync(path, "a"), identity, size: 0, rest: "" }));
    }
    this.complete(file);
    return file;
  }

  private complete(file: LogFile): void {
    const { rest } = file;
    file.rest = "";
    this.put(file, rest);
  }

  private put(file: LogFile, text: string): void {
    writeSync(file.fd, text);
    file.size += text.length;
    this.bytes += text.length;
  }

  /** Renames a file. Only files that the agent has seen: the new name may match no pattern. */
  private rotate(name: string, durable: readonly KnownSource[]): void {
    const file = this.current.get(name);
    if (file === undefined || !durable.some((s) => identityOf(s) === file.identity)) return;
    const path = `${file.path}.${this.rotations++}`;
    renameSync(file.path, path);
    file.path = path;
    this.current.delete(name);
    this.rotated.push(file);
  }

  private removeOne(durable: readonly KnownSource[]): void {
    const isRead = (f: LogFile): boolean =>
      f.rest === "" && durable.some((s) => identityOf(s) === f.identity && s.checkpoint === f.size);
    const at = this.rotated.findIndex(isRead);
    // A rotated file may still lack the second half of a line.
    for (const file of this.rotated) this.complete(file);
    if (at < 0) return;
    const [file] = this.rotated.splice(at, 1) as [LogFile];
    closeSync(file.fd);
    rmSync(file.path);
  }
}

function identityOf({ identity }: KnownSource): string {
  return `${identity.inode} ${identity.birthNs}`;
}

// Damages the files of a state directory as a disk does: flips bits, overwrites whole pages, truncates files.
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Dice } from "../simulation/violation.ts";
import { FRAME, PAGE, WAL_HEADER } from "./oracle.ts";

const NAMES = ["state.db", "state.db-wal", "state.db-shm"] as const;
type Name = (typeof NAMES)[number];

export class Damage {
  /** A description of the damage, for messages. */
  readonly told: string[] = [];
  /** Pages of the database file that were changed or cut off. */
  readonly pages = new Set<number>();
  /** Pages with a damaged frame in the WAL. */
  readonly inWal = new Set<number>();
  /** Offset of the first damaged byte in the WAL. */
  private walFrom = Infinity;
  private readonly directory: string;
  private readonly dice: Dice;

  constructor(directory: string, dice: Dice) {
    this.directory = directory;
    this.dice = dice;
  }

  /** Bytes of the WAL before the first damaged frame. */
  get wholeWal(): number {
    return WAL_HEADER + Math.floor((this.walFrom - WAL_HEADER) / FRAME) * FRAME;
  }

  /** Damages mostly one of the files, sometimes several. */
  doSome(): void {
    const [database, wal, index] = NAMES;
    const kind = this.dice.int(10);
    if (kind < 7) this.toFile(database);
    if (kind >= 5 && kind < 9) this.toFile(wal);
    if (kind === 9 || this.dice.chance(0.1)) this.toFile(index);
  }

  private toFile(name: Name): void {
    const { dice } = this;
    const path = join(this.directory, name);
    if (!existsSync(path)) return;
    const fd = openSync(path, "r+");
    try {
      const { size } = fstatSync(fd);
      const kind = dice.int(10);
      if (size === 0) return;
      if (kind === 0) return this.cut(fd, name, dice.int(size));
      for (let i = dice.pick([1, 1, 2, 5, 20]); i > 0; i--) {
        const page = dice.chance(0.1) ? 0 : dice.int(Math.ceil(size / PAGE));
        const at = Math.min(page * PAGE + (kind < 5 ? dice.int(PAGE) : 0), size - 1);
        if (kind < 5) this.flip(name, at);
        else this.overwrite(name, at, Math.min(PAGE, size - at));
      }
    } finally {
      closeSync(fd);
    }
  }

  private cut(fd: number, name: Name, to: number): void {
    const { size } = fstatSync(fd);
    this.wrong(name, to, size - to);
    ftruncateSync(fd, to);
    this.told.push(`${name} ends at ${to}`);
  }

  private flip(name: Name, at: number): void {
    const bit = this.dice.int(8);
    this.change(name, at, 1, (bytes) => (bytes[0] = (bytes[0] as number) ^ (1 << bit)));
    this.told.push(`bit ${bit} of byte ${at} of ${name} flipped`);
  }

  private overwrite(name: Name, at: number, length: number): void {
    const byte = this.dice.pick([0, 0xff, 0xa5]);
    this.change(name, at, length, (bytes) => bytes.fill(byte));
    this.told.push(`${length} bytes of ${name} from ${at} on are ${byte}`);
  }

  private change(name: Name, at: number, length: number, how: (bytes: Buffer) => void): void {
    const fd = openSync(join(this.directory, name), "r+");
    const bytes = Buffer.alloc(length);
    readSync(fd, bytes, 0, length, at);
    how(bytes);
    this.wrong(name, at, length);
    writeSync(fd, bytes, 0, length, at);
    closeSync(fd);
  }

  private wrong(name: Name, at: number, length: number): void {
    if (name === "state.db-shm") return;
    if (name === "state.db") {
      for (let page = Math.floor(at / PAGE); page * PAGE < at + length; page++) this.pages.add(page + 1);
      return;
    }
    this.walFrom = Math.min(this.walFrom, at);
    const fd = openSync(join(this.directory, name), "r");
    const number = Buffer.alloc(4);
    for (let frame = Math.max(0, Math.floor((at - WAL_HEADER) / FRAME)); frame * FRAME < at + length; frame++)
      if (readSync(fd, number, 0, 4, WAL_HEADER + frame * FRAME) === 4) this.inWal.add(number.readUInt32BE(0));
    closeSync(fd);
  }
}

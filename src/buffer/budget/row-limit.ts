// Limits the bytes of rows that the database may hold: as configured, or less if the disk has less room. With too little room
// the buffer works as if it had no disk. Each change that an operator should know of is logged once.
import { describe } from "../../core/errors.ts";
import type { Count } from "../../core/fate.ts";
import { budget as sizeText } from "../../core/figures.ts";
import type { Log } from "../../core/log.ts";
import type { Room } from "../spool/spool.ts";
import type { BufferState } from "../state.ts";

/** Rises smaller than this fraction of the configured limit are ignored; otherwise the ladders would follow every page. */
const STEP = 1 / 100;
/** A limit below this fraction of the configured one is logged. */
const SHORT = 9 / 10;
/** After new rows have found no room, none are tried for this long, whatever room is measured. */
const FULL_MS = 10_000;

export class RowLimit {
  private readonly state: BufferState;
  private readonly log: Log;
  private configured: number;
  /** Real size of database and WAL, as last measured. */
  diskBytes = 0;
  private storedLetters: Count = { records: 0, bytes: 0 };
  private said: "enough" | "short" | "none" = "enough";
  private saidFull = false;
  private fullUntil = -Infinity;

  /** @param configured bytes */
  constructor(state: BufferState, log: Log, configured: number) {
    this.state = state;
    this.log = log;
    this.configured = configured;
  }

  /** With the letters that wait for a commit, because the ledger counts them from their refusal on. `bytes`: of stored ones. */
  get deadLetters(): Count {
    const { records, bytes } = this.storedLetters;
    return { records: records + this.state.deadLetters, bytes };
  }

  /** Applies another configured limit. */
  configure(rows: number): void {
    this.configured = rows;
    this.state.limits.rows = rows;
  }

  /** @param grew whether new rows have just found room */
  measured({ size, deadLetters, rows = this.configured }: Room, grew: boolean): void {
    const { limits, clock } = this.state;
    this.diskBytes = size;
    this.storedLetters = deadLetters;
    if (grew && this.saidFull) this.sayRoom();
    if (clock.now() < this.fullUntil) return;
    const now = Math.min(rows, this.configured);
    if (now < limits.rows || now >= Math.min(this.configured, limits.rows + STEP * this.configured)) limits.rows = now;
    this.sayShort();
  }

  /** New rows found no room on the disk: allows no more than the rows that are there now. */
  full(error: unknown): void {
    const { limits, stored, clock } = this.state;
    limits.rows = Math.min(limits.rows, stored);
    this.fullUntil = clock.now() + FULL_MS;
    if (this.saidFull) return;
    this.saidFull = true;
    const sentence =
      `the disk of the state directory is full: ${describe(error)}. Nothing more is buffered there for now; what is ` +
      `there is delivered, files are read when there is room. Free some space, or set a smaller buffer.disk`;
    this.log.error("disk_full", sentence);
  }

  private sayRoom(): void {
    this.saidFull = false;
    this.log.info("disk_room", "the disk of the state directory has room again");
  }

  private sayShort(): void {
    const { configured, said } = this;
    const { rows } = this.state.limits;
    const now = rows === 0 && configured > 0 ? "none" : rows < SHORT * configured ? "short" : "enough";
    if (now === said) return;
    this.said = now;
    if (now === "enough")
      return this.log.info(
        "disk_enough",
        `the disk has room for the ${sizeText(configured)} of backlog that are configured`,
      );
    const left = now === "none" ? "no backlog: the agent goes on as with `disk: 0`" : `a backlog of ${sizeText(rows)}`;
    const sentence =
      `the disk of the state directory leaves room for ${left}; ${sizeText(configured)} are configured. ` +
      `Taken off are a twentieth of the file system, dead letters and half-empty pages. If the file system is full, ` +
      `free some space or set a smaller buffer.disk; else this ends by itself`;
    this.log.warn("disk_short", sentence, { rows, configured });
  }
}

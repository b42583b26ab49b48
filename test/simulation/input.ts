// A simulated input. Reads its files in turn, as the real input does, and uses the same contract.
import type { Arena } from "../../src/core/arena.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Intake } from "../../src/core/intake.ts";
import type { InputOptions } from "../../src/core/options.ts";
import { type KnownSource, NO_MARK } from "../../src/core/source.ts";
import type { InputWord } from "../../src/agent/engine.ts";
import type { SimFile } from "./files.ts";
import { type Dice, fail } from "./violation.ts";

export interface InputParts {
  readonly options: InputOptions;
  readonly intake: Intake;
  readonly arena: Arena;
  readonly clock: Clock;
  readonly dice: Dice;
  /** The files of this input that exist now. */
  readonly files: () => readonly SimFile[];
  readonly index: string;
  /** Size of one read in bytes. */
  readonly most: number;
  /** Makes a new source id. */
  readonly newId: () => string;
  /** Called when a file gets an id. */
  readonly named: (file: SimFile) => void;
  readonly failed: (error: unknown) => void;
  /** Called when all of a deleted file that was read is settled or in durable rows. From then on only the buffer has it. */
  readonly answered: (source: string) => void;
}

interface Tail {
  readonly file: SimFile;
  position: number;
  told: boolean;
  forgotten: boolean;
}

const POLL_MS = 100;

export class SimInput {
  private readonly parts: InputParts;
  private readonly tails = new Map<SimFile, Tail>();
  private readonly abort = new AbortController();
  private readonly known: ReadonlyMap<string, KnownSource>;
  private running: Promise<void> | undefined;
  private turn = 0;
  /** Sources without a file whose records are not yet all settled or in durable rows. */
  private lost: string[] = [];

  constructor(parts: InputParts) {
    this.parts = parts;
    this.known = new Map(parts.intake.known(parts.options.id).map((source) => [source.id, source]));
  }

  start(): void {
    const { intake, options, clock } = this.parts;
    if (intake.started(options.id) === undefined) intake.start(options.id, clock.wall());
    // Files deleted while no process ran: only the bytes before the checkpoint were read, and no more can be.
    for (const source of this.known.values()) {
      if (this.parts.files().some((file) => file.id === source.id && !file.gone)) continue;
      intake.open(source, source.checkpoint);
      intake.gone(source.id);
      this.lost.push(source.id);
    }
    this.running = this.run().catch((error: unknown) => {
      if (!this.abort.signal.aborted) this.parts.failed(error);
    });
  }

  async stop(): Promise<void> {
    this.abort.abort(new Error("stopped"));
    await this.running;
  }

  private async run(): Promise<void> {
    const { clock, intake, options, most } = this.parts;
    const { signal } = this.abort;
    while (!signal.aborted) {
      this.look();
      const tail = this.next();
      if (!tail) {
        await clock.sleep(POLL_MS, signal);
        continue;
      }
      const urgency = tail.file.gone ? "at-risk" : "none";
      const region = await intake.room(options.id, most, signal, urgency);
      this.read(tail, region);
    }
  }

  /** Finds new files and notices deleted ones. */
  private look(): void {
    const { files, intake } = this.parts;
    for (const file of files()) {
      const tail = this.tails.get(file);
      if (!tail && !file.gone && file.size > 0) this.open(file);
      if (tail && file.gone && !tail.told && this.parts.dice.chance(0.5)) {
        tail.told = true;
        intake.gone(file.id);
      }
      if (!tail?.told || tail.forgotten || tail.position < file.size || !intake.answered(file.id)) continue;
      tail.forgotten = true;
      this.forget(file.id);
    }
    this.lost = this.lost.filter((id) => {
      if (!intake.answered(id)) return true;
      this.forget(id);
      return false;
    });
  }

  private forget(source: string): void {
    this.parts.answered(source);
    this.parts.intake.forget(source);
  }

  private open(file: SimFile): void {
    const { intake, options, newId, named } = this.parts;
    const known = this.known.get(file.id);
    if (!known) {
      if (file.id !== "") file.formerIds.push(file.id);
      file.id = newId();
      named(file);
    }
    const identity = { path: `/${file.name}`, device: "1", inode: file.name, birthNs: "1", headLength: 0, headHash: 0 };
    const fresh = { id: file.id, input: options.id, identity, origin: 0, checkpoint: 0, mark: NO_MARK };
    const source = known ?? fresh;
    intake.open(source, file.size);
    this.tails.set(file, { file, position: source.checkpoint, told: false, forgotten: false });
  }

  private next(): Tail | undefined {
    const tails = [...this.tails.values()].filter(({ file, position }) => position < file.size);
    return tails[this.turn++ % Math.max(1, tails.length)];
  }

  private read(tail: Tail, region: Parameters<Intake["release"]>[0]): void {
    const { arena, intake, clock, options, index, dice } = this.parts;
    const { file, position } = tail;
    const { end, records } = file.take(position, region.length);
    if (records === 0) fail(`a record of ${file.name} is longer than what is read at once`);
    arena.view(region).set(file.read(position, end));
    arena.shrink(region, end - position);
    arena.unpin(region);
    tail.position = end;
    const { fields, policy } = options;
    const envelope = intake.envelope({ input: options.id, path: `/${file.name}`, host: "h", fields, index, policy });
    const draft = { source: file.id, envelope, start: position, end, records, region, table: undefined, mark: NO_MARK };
    const ended = dice.chance(0.02) ? ("cut" as const) : undefined;
    const admitted = intake.admit({ ...draft, counted: new Map(), ended, readAtMs: clock.wall() });
    admitted.catch((error: unknown) => this.parts.failed(error));
  }

  /** Whether every byte of the existing files was read. */
  get done(): boolean {
    return this.parts.files().every((file) => {
      const tail = this.tails.get(file);
      return tail ? tail.position >= file.size : file.gone || file.size === 0;
    });
  }

  /** Unread bytes of all files, and of deleted files that are held open. */
  word(): InputWord {
    let [lagBytes, atRiskBytes] = [0, 0];
    for (const { file, position } of this.tails.values()) {
      lagBytes += file.size - position;
      if (file.gone) atRiskBytes += file.size - position;
    }
    return { lagBytes, atRiskBytes };
  }

  /** The read position in a file. */
  position(file: SimFile): number {
    return this.tails.get(file)?.position ?? 0;
  }
}

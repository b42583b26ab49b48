// Tracks blocks that the disk cannot read. A bad sector stays bad, but a disk may fail for only a minute, and then nothing must
// be lost. So a block counts as damaged only after many tries, and only if the disk has worked for something else meanwhile.

/** Two minutes, with ten seconds between tries (pager.ts). */
const TRIES = 12;

interface Failing {
  tries: number;
  /** Value of `worked` at the first try of the block. */
  readonly worked: number;
}

export class Unread {
  private readonly blocks = new Map<number, Failing>();
  private worked = 0;

  /** The disk was read or written successfully. */
  works(): void {
    this.worked++;
  }

  /** Another try on the block failed. @returns whether the block counts as damaged now */
  failed(block: number): boolean {
    let failing = this.blocks.get(block);
    if (!failing) this.blocks.set(block, (failing = { tries: 0, worked: this.worked }));
    return ++failing.tries >= TRIES && this.worked > failing.worked;
  }

  /** The block has ended, but deleting its body failed. @returns whether to leave the body: that wastes room, not records */
  leaves(block: number): boolean {
    const known = this.blocks.has(block);
    this.failed(block);
    return known;
  }

  /** The block was read. */
  forget(block: number): void {
    this.blocks.delete(block);
  }
}

// When each input started for the first time. It is kept for good, since nothing else tells: an input may have had no file
// yet, or files of which all was read and forgotten.

export interface FirstStart {
  readonly input: string;
  /** Wall clock; 0: before anybody kept it. */
  readonly atMs: number;
}

export class Starts {
  private readonly times = new Map<string, number>();
  private unwritten: FirstStart[] = [];

  restore(starts: readonly FirstStart[]): void {
    for (const { input, atMs } of starts) this.times.set(input, atMs);
  }

  of(input: string): number | undefined {
    return this.times.get(input);
  }

  add(start: FirstStart): void {
    this.times.set(start.input, start.atMs);
    this.unwritten.push(start);
  }

  /** Those that a transaction has to write. */
  get due(): readonly FirstStart[] {
    return this.unwritten;
  }

  written(starts: readonly FirstStart[]): void {
    this.unwritten = this.unwritten.filter((start) => !starts.includes(start));
  }
}

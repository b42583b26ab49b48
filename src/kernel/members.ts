// What the kernel says of a record that should be a JSON object, read where it wrote it: nothing is made per record.
// Places are relative to the record. Good until the next call of the kernel.
import { JOB, MEMBER, MEMBER_WORDS, MEMBERS, MOST_MEMBERS, OBJECT } from "./layout.ts";

/**
 * sound: its members can stand in a document as they are, but for those that are listed. undecided: it may be an object.
 * other: it does not begin with a brace. invalid: it does, and is none.
 */
export const VERDICTS = ["sound", "undecided", "other", "invalid"] as const;
export type Verdict = (typeof VERDICTS)[number];
/** What a listed member is: `@timestamp` as a string or number, `log.level` as a string, or another that a document has. */
export const LISTED = ["other", "stamp", "level", "shared"] as const;
export type Listed = (typeof LISTED)[number];

export class Members {
  private readonly job: Uint32Array;
  private readonly list: Uint32Array;

  constructor(memory: WebAssembly.Memory) {
    this.job = new Uint32Array(memory.buffer, JOB, 32);
    this.list = new Uint32Array(memory.buffer, MEMBERS, MOST_MEMBERS * MEMBER_WORDS);
  }

  get verdict(): Verdict {
    return VERDICTS[this.word(OBJECT.verdict)] as Verdict;
  }

  /** Of the opening brace. */
  get start(): number {
    return this.word(OBJECT.start);
  }

  /** Behind the closing brace of what is sound. */
  get end(): number {
    return this.word(OBJECT.end);
  }

  /** Index into LEVELS; -1: none is recognised. */
  get level(): number {
    return this.word(OBJECT.level) | 0;
  }

  /** The value of the time, a number or a string with its quotes; 0: there is none. */
  get field(): number {
    return this.word(OBJECT.field);
  }

  get fieldEnd(): number {
    return this.word(OBJECT.fieldEnd);
  }

  get count(): number {
    return this.word(OBJECT.members);
  }

  what(member: number): Listed {
    return LISTED[this.list[member * MEMBER_WORDS + MEMBER.what] as number] as Listed;
  }

  key(member: number): number {
    return this.list[member * MEMBER_WORDS + MEMBER.key] as number;
  }

  value(member: number): number {
    return this.list[member * MEMBER_WORDS + MEMBER.value] as number;
  }

  valueEnd(member: number): number {
    return this.list[member * MEMBER_WORDS + MEMBER.end] as number;
  }

  /** What is said of a record that the kernel was not asked about. */
  undecided(length: number): void {
    this.job[OBJECT.verdict] = VERDICTS.indexOf("undecided");
    this.job[OBJECT.start] = 0;
    this.job[OBJECT.end] = length;
  }

  private word(index: number): number {
    return this.job[index] as number;
  }
}

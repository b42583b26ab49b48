// Reads the kernel's verdict on a record that should be a JSON object directly from the arena, so that no object is made per
// record. Positions are relative to the record. Valid until the next call of the kernel.
import { JOB, MEMBER, MEMBER_WORDS, MEMBERS, MOST_MEMBERS, OBJECT } from "./layout.ts";

/**
 * sound: a JSON object that a document can take as it is, apart from the listed members. undecided: it may be an object; the
 * caller must parse it. other: it does not begin with a brace. invalid: it begins with a brace and is not a JSON object.
 */
export const VERDICTS = ["sound", "undecided", "other", "invalid"] as const;
export type Verdict = (typeof VERDICTS)[number];
/**
 * Kinds of listed members. stamp: `@timestamp` as a string or number. level: `log.level` as a string. shared: an object that the
 * document has, too. other: any other member whose name the document uses itself.
 */
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

  /** Position of the opening brace. */
  get start(): number {
    return this.word(OBJECT.start);
  }

  /** Position after the closing brace of a sound record. */
  get end(): number {
    return this.word(OBJECT.end);
  }

  /** Index into LEVELS; -1: no level is recognised. */
  get level(): number {
    return this.word(OBJECT.level) | 0;
  }

  /** Start of the timestamp's value, a number or a string with its quotes; 0: the record has none. */
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

  /** Sets the verdict for a record that the kernel was not asked about. */
  undecided(length: number): void {
    this.job[OBJECT.verdict] = VERDICTS.indexOf("undecided");
    this.job[OBJECT.start] = 0;
    this.job[OBJECT.end] = length;
  }

  private word(index: number): number {
    return this.job[index] as number;
  }
}

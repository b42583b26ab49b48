// Logs documents that were refused for good. The first of an index and input is logged at once; further ones are added up and
// logged once a minute. A body refused as a whole is logged as an error. Invariant: no text of a record appears in a message.
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Refusal } from "../core/output.ts";

const AGAIN_MS = 60_000;
/** Most pairs of index and input with an entry of their own. All others share one entry. */
const MOST = 64;

interface Told {
  readonly target: string;
  readonly input: string;
  /** Monotonic: when this was last logged. */
  saidMs: number;
  documents: number;
  first: Refusal | undefined;
  /** A whole body was refused. */
  whole: boolean;
}

export class RefusalLog {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly told = new Map<string, Told>();

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  /** @param whole the whole body was refused */
  note(target: string, input: string, documents: number, first: Refusal, whole: boolean): void {
    const told = this.of(target, input);
    told.documents += documents;
    told.first ??= first;
    told.whole ||= whole;
    this.say(told);
  }

  /** Called regularly: logs what has added up. */
  logDue(): void {
    for (const [key, told] of this.told) {
      this.say(told);
      if (told.documents === 0 && this.clock.now() - told.saidMs >= 2 * AGAIN_MS) this.told.delete(key);
    }
  }

  private of(target: string, input: string): Told {
    const full = this.told.size >= MOST;
    const key = `${target}\n${input}`;
    const known = this.told.get(key) ?? (full ? this.told.get("") : undefined);
    if (known) return known;
    const names = full ? { target: "several indices", input: "several" } : { target, input };
    const told = { ...names, saidMs: -Infinity, documents: 0, first: undefined, whole: false };
    this.told.set(full ? "" : key, told);
    return told;
  }

  private say(told: Told): void {
    const now = this.clock.now();
    const { first, documents, target, input, whole } = told;
    if (first === undefined || now - told.saidMs < AGAIN_MS) return;
    const { status, type, said = "" } = first;
    const why = `${status === 0 ? "" : `${status} `}${type}${said === "" ? "" : `: ${said}`}`;
    const many = documents === 1 ? "1 document" : `${documents} documents`;
    const alarm = whole ? "; whole requests were refused" : "";
    // Status 0: the document was never sent, so no server has refused it.
    const what =
      status === 0
        ? `${many} of input ${input} for ${target} cannot be sent`
        : `${target} refused ${many} of input ${input} for good`;
    const sentence = `${what}: ${why}${alarm}; kept, with the reason of each: spillway dead-letters list`;
    const facts = { target, input, documents, status, type };
    if (whole) this.log.error("documents_refused", sentence, facts);
    else this.log.warn("documents_refused", sentence, facts);
    Object.assign(told, { saidMs: now, documents: 0, first: undefined, whole: false });
  }
}

// Finds rows whose spans cannot be right, because the rows of a source in one queue must not overlap. Where two overlap, one has a
// flipped bit: the next row decides which. So a wrong row costs itself, and not those that it seems to cover.
import { HEAD, type Head } from "../spool/rows/heads.ts";

/** A row and its span in its source, end exclusive. */
export interface Span {
  readonly queue: number;
  readonly seq: number;
  readonly start: number;
  readonly end: number;
}

/** The last rows of a queue and source. */
interface Last {
  /** End of the row before `span`. */
  before: number;
  span: Span;
  /** Overlaps `span`, but not the row before it. */
  rival: Span | undefined;
}

export class Spans {
  private readonly last = new Map<string, Last>();

  /** Takes the rows in order. @returns those that are wrong: this one or earlier ones */
  add(head: Head): readonly Span[] {
    const [queue, seq, start, end] = [HEAD.queue, HEAD.seq, HEAD.start, HEAD.end].map((c) => head[c]) as [
      number,
      number,
      number,
      number,
    ];
    const span = { queue, seq, start, end };
    const key = `${queue} ${head[HEAD.source]}`;
    const last = this.last.get(key);
    if (last !== undefined) return judge(last, span);
    this.last.set(key, { before: 0, span, rival: undefined });
    return [];
  }

  /** Rows for which no next row has decided: the earlier ones stay. */
  *rest(): Generator<Span> {
    for (const { rival } of this.last.values()) if (rival) yield rival;
  }
}

function judge(last: Last, next: Span): readonly Span[] {
  const { span, rival } = last;
  last.rival = undefined;
  if (rival && next.start >= rival.end && next.start < span.end) {
    last.before = rival.end;
    last.span = next;
    return [span];
  }
  const wrong = rival ? [rival] : [];
  if (next.start >= span.end) {
    last.before = span.end;
    last.span = next;
  } else if (next.start >= last.before) last.rival = next;
  else wrong.push(next);
  return wrong;
}

// A record of a stream while its lines come in: where its parts lie in what was read.

const RETURN = 13;

export interface Open {
  /** Relative to what was read; -1: none is open. */
  start: number;
  length: number;
  lines: number;
  time: number;
  /** from, to, from, to ... of its parts. */
  readonly spans: number[];
}

export function nothingOpen(): Open {
  return { start: -1, length: 0, lines: 0, time: NaN, spans: [] };
}

export function forget(open: Open): void {
  open.start = -1;
  open.length = 0;
  open.lines = 0;
  open.spans.length = 0;
}

/** The next part begins at `at`, behind the line end of the one before. */
export function addLineEnd({ spans }: Open, bytes: Buffer, at: number): void {
  const last = spans.length - 1;
  spans[last] = endOfText(bytes, spans[last - 1] as number, spans[last] as number);
  spans.push(at - 1, at);
}

/** Takes empty lines from the end, each with the line end before it. */
export function dropEmptyEnd({ spans }: Open): void {
  while (spans.length > 2 && spans.at(-1) === spans.at(-2)) spans.length -= 4;
}

/** Of the line [from, to), which may end with \r. */
export function endOfText(bytes: Buffer, from: number, to: number): number {
  return to > from && bytes[to - 1] === RETURN ? to - 1 : to;
}

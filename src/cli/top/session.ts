// The interactive session of `spillway top`. The view is redrawn on every event of the agent, on every key, after a resize,
// and at least once a second. However the session ends, the terminal is restored and the last verdict is printed.
import type { Clock } from "../../core/clock.ts";
import type { Listen } from "../../config/values/listen.ts";
import { verdict } from "../../ops/verdict.ts";
import type { Glyphs } from "../terminal/glyphs.ts";
import { Screen } from "../terminal/screen.ts";
import { frame } from "./frame.ts";
import { paint } from "./spans.ts";
import { TopState } from "./state.ts";
import { Watch } from "./watch.ts";

export interface SessionParts {
  readonly listen: Exclude<Listen, "off">;
  readonly where: string;
  readonly clock: Clock;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly glyphs: Glyphs;
  readonly colours: boolean;
}

const EVERY_MS = 1000;

/** Resolves when the user leaves, to the text to print. */
export async function watchAgent(parts: SessionParts): Promise<string> {
  const { clock, stdin, stdout, glyphs, colours, where } = parts;
  const state = new TopState();
  const screen = new Screen(stdout);
  const left = Promise.withResolvers<void>();
  const draw = (): void => {
    const size = { columns: stdout.columns, rows: stdout.rows };
    const lines = frame(state, { size, glyphs, nowMs: clock.wall(), where });
    screen.draw(
      lines.map((line) => paint(line, colours)),
      (line) => line,
    );
  };
  const then =
    <T>(act: (value: T) => void): ((value: T) => void) =>
    (value) => {
      act(value);
      draw();
    };
  const watch = new Watch(parts.listen, clock, {
    snapshot: then((snapshot) => state.snapshot(snapshot, clock.wall())),
    tick: then((tick) => state.tick(tick, clock.wall())),
    line: then((line) => state.line(line)),
    bye: () => (state.stopped = true),
    lost: then((why) => (state.lost = why)),
  });
  const keys = (data: Buffer): void => {
    // Ignore escape sequences, such as those of arrow keys.
    const pressed = data.length > 1 && data[0] === 0x1b ? [] : [...data.toString()];
    for (const key of pressed) if (!state.key(key)) return left.resolve();
    draw();
  };
  const resized = (): void => {
    screen.forget();
    draw();
  };
  const tick = (): void => {
    draw();
    timer = clock.after(EVERY_MS, tick);
  };
  let timer = clock.after(EVERY_MS, tick);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const leave = (): void => left.resolve();
  for (const signal of signals) process.on(signal, leave);
  screen.open();
  stdin.setRawMode(true);
  stdin.on("data", keys).resume();
  stdout.on("resize", resized);
  draw();
  try {
    await Promise.race([left.promise, watch.run()]);
  } finally {
    timer.cancel();
    watch.close();
    stdin.off("data", keys).setRawMode(false).pause();
    stdout.off("resize", resized);
    for (const signal of signals) process.off(signal, leave);
    screen.close();
  }
  return farewell(state, where, clock.wall());
}

function farewell({ status }: TopState, where: string, nowMs: number): string {
  if (status === undefined) return `nothing was heard from ${where}`;
  const { word, says } = verdict(status, nowMs);
  return `${status.host}: ${word} ${says}`;
}

// Who watches the demo: a person at a terminal that is large enough gets the screen and its keys, everybody else lines.
import type { DemoView } from "./view.ts";
import { glyphsFor } from "./glyphs.ts";
import { PlainDemo } from "./plain.ts";
import { Screen } from "./screen.ts";
import { type Key, onKeys } from "./switches.ts";
import { COLUMNS, ROWS, renderDemo } from "./view.ts";

export interface Audience {
  show(view: DemoView): void;
  /** Gives the terminal back. */
  leave(): void;
}

export interface Seat {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

export function fitsScreen({ stdin, stdout, env }: Seat): boolean {
  const large = stdout.columns >= COLUMNS && stdout.rows >= ROWS;
  return stdin.isTTY && stdout.isTTY && large && env["TERM"] !== "dumb";
}

export function plainAudience(out: (line: string) => void): Audience {
  const plain = new PlainDemo();
  return {
    show(view) {
      for (const line of plain.lines(view)) out(line);
    },
    leave() {},
  };
}

export function screenAudience({ stdin, stdout, env }: Seat, handle: (key: Key) => void): Audience {
  const screen = new Screen(stdout);
  const glyphs = glyphsFor(env);
  const forget = (): void => screen.forget();
  screen.open();
  const release = onKeys(stdin, handle);
  stdout.on("resize", forget);
  return {
    show: (view) => screen.draw(renderDemo(view, glyphs)),
    leave() {
      stdout.off("resize", forget);
      release();
      screen.close();
    },
  };
}

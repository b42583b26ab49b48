// Shows the demo to the user: full screen with keys if the terminal is large enough, plain lines otherwise.
import type { DemoView } from "./view.ts";
import { glyphsFor } from "../terminal/glyphs.ts";
import { PlainDemo } from "./plain.ts";
import { Screen } from "../terminal/screen.ts";
import { type Key, onKeys } from "./switches.ts";
import { COLUMNS, ROWS, renderDemo } from "./view.ts";

export interface Audience {
  show(view: DemoView): void;
  /** Restores the terminal. */
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

// Draws frames on the terminal's alternate screen, with one write per frame that contains only the changed lines. The user's
// screen is restored however the process ends, except by SIGKILL.

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE = "\x1b[?25h\x1b[?1049l";

export class Screen {
  private readonly terminal: Terminal;
  private shown: readonly string[] = [];
  private mode: "closed" | "open" = "closed";
  private readonly leave = (): void => this.close();

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  open(): void {
    this.mode = "open";
    this.terminal.write(ENTER);
    process.on("exit", this.leave);
    // Runs before Node prints the error, which would otherwise disappear with the alternate screen.
    process.on("uncaughtExceptionMonitor", this.leave);
  }

  /** @param clip cuts a line to the width of the terminal; the default suits lines without escape sequences */
  draw(lines: readonly string[], clip = (line: string): string => line.slice(0, this.terminal.columns)): void {
    const fitting = lines.slice(0, this.terminal.rows).map(clip);
    const height = Math.max(fitting.length, this.shown.length);
    let frame = "";
    for (let row = 0; row < height; row++) {
      const line = fitting[row] ?? "";
      if (line !== this.shown[row]) frame += `\x1b[${row + 1};1H${line}\x1b[K`;
    }
    this.shown = fitting;
    if (frame !== "") this.terminal.write(frame);
  }

  /** Clears the screen, so that the next draw writes every line. Needed after a resize. */
  forget(): void {
    this.shown = [];
    this.terminal.write("\x1b[2J");
  }

  close(): void {
    if (this.mode === "closed") return;
    this.mode = "closed";
    process.off("exit", this.leave);
    process.off("uncaughtExceptionMonitor", this.leave);
    this.terminal.write(LEAVE);
  }
}

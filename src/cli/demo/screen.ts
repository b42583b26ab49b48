// Frames on a terminal: the alternate screen, one write a frame, and only the lines that changed. Whatever ends the
// process but a SIGKILL, the user's screen comes back.

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
    // Before node prints the fault, which would else go down with the alternate screen.
    process.on("uncaughtExceptionMonitor", this.leave);
  }

  draw(lines: readonly string[]): void {
    const fitting = lines.slice(0, this.terminal.rows).map((line) => line.slice(0, this.terminal.columns));
    const height = Math.max(fitting.length, this.shown.length);
    let frame = "";
    for (let row = 0; row < height; row++) {
      const line = fitting[row] ?? "";
      if (line !== this.shown[row]) frame += `\x1b[${row + 1};1H${line}\x1b[K`;
    }
    this.shown = fitting;
    if (frame !== "") this.terminal.write(frame);
  }

  /** After a resize nothing that was shown can be relied on. */
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

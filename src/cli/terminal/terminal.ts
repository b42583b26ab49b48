// The output streams of a command and their colours. Data goes to stdout, everything else to stderr. Colour is decided per
// stream, and never carries information that the text does not.
import { styleText } from "node:util";
import type { Paint, Role } from "../../config/faults/render.ts";

export interface Terminal {
  /** Writes data, followed by a line break. */
  out(text: string): void;
  /** Writes anything that is not data, followed by a line break. */
  err(text: string): void;
  readonly paintOut: Paint;
  readonly paintErr: Paint;
  readonly isTty: boolean;
  readonly columns: number;
  /** `--json` was given: the result, or the error, is one JSON document on stdout. */
  readonly json: boolean;
}

const STYLES: Readonly<Record<Role, Parameters<typeof styleText>[0]>> = {
  error: ["bold", "red"],
  warning: ["bold", "yellow"],
  help: "cyan",
  note: "blue",
  gutter: "gray",
  strong: "bold",
};

export function processTerminal(argv: readonly string[]): Terminal {
  const { stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    paintOut: paintFor(stdout, argv),
    paintErr: paintFor(stderr, argv),
    isTty: stdout.isTTY,
    columns: Math.min(stdout.columns ?? 80, 120),
    json: argv.includes("--json"),
  };
}

function paintFor(stream: NodeJS.WriteStream, argv: readonly string[]): Paint {
  const wanted = stream.isTTY && !argv.includes("--no-color") && !process.env["NO_COLOR"];
  if (!wanted || process.env["TERM"] === "dumb") return (_, text) => text;
  return (role, text) => styleText(STYLES[role], text, { validateStream: false });
}

// The two streams and their colours: data on stdout, everything else on stderr. Colour is decided per stream, and nothing
// is said by it alone.
import { styleText } from "node:util";
import type { Paint, Role } from "../config/render.ts";

export interface Terminal {
  /** Data; a line break is added. */
  out(text: string): void;
  /** Everything else; a line break is added. */
  err(text: string): void;
  readonly paintOut: Paint;
  readonly paintErr: Paint;
  readonly isTty: boolean;
  readonly columns: number;
  /** Whether `--json` was given: then facts, and faults too, are one JSON document on stdout. */
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

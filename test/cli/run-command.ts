// Runs a command in the process of the test, which saves a second per run.
import { main } from "../../src/cli/main.ts";
import { COMMANDS } from "../../src/cli/program/commands.ts";

export async function runCommand(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const code = await main(
    argv,
    {
      out: (text) => void (said.out += `${text}\n`),
      err: (text) => void (said.err += `${text}\n`),
      paintOut: (_, text) => text,
      paintErr: (_, text) => text,
      isTty: false,
      columns: 80,
      json: argv.includes("--json"),
    },
    COMMANDS,
  );
  return { code, ...said };
}

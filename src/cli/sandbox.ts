// `spillway sandbox`: runs a `_bulk` endpoint with switchable faults in the foreground, until it gets a signal.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./program/command.ts";
import { longName, usageFault } from "./program/usage.ts";

export const sandbox: Command = {
  name: "sandbox",
  group: "Learn",
  about: "Runs a small Elasticsearch-compatible endpoint that can inject faults",
  examples: [
    ["spillway sandbox", "on 127.0.0.1:9200, without faults"],
    ['spillway sandbox --faults "slow=200ms,429=30%"', "slow, and rejects three of ten requests"],
    ["spillway sandbox --print", "prints every document as it would be stored"],
    ["spillway sandbox --listen 127.0.0.1:0", "on any free port"],
  ],
  options: [
    {
      flags: "--listen <host:port>",
      about: "address to listen on; port 0 is any free one",
      otherwise: "127.0.0.1:9200",
      read: readAddress,
    },
    {
      flags: "--faults <list>",
      about: "faults to inject, separated by commas; it lists them when it starts",
      otherwise: "none",
    },
    { flags: "--print", about: "prints each document that it stores, one a line" },
  ],
  exits: { [EXIT.fault]: "it could not listen on that address" },
  page: "reference/cli.md#sandbox",
  run,
};

async function run({ options, terminal }: Call): Promise<ExitCode> {
  const { systemClock } = await import("../core/clock.ts");
  const { startSandbox } = await import("../sandbox/bulk-server.ts");
  const { parseFaults } = await import("../sandbox/faults.ts");
  const { sandboxBlock, SandboxReport } = await import("./sandbox-report.ts");
  const faults = parseFaults(options["faults"] as string);
  const control = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => control.abort());
  const isPrinting = options["print"] === true;
  const stored = (_: string, document: string): void => terminal.out(document);
  const listen = options["listen"] as Address;
  const server = await startSandbox({ ...listen, faults, ...(isPrinting ? { stored } : {}) }, systemClock);
  // With --print, stdout carries only the documents; the reports go to stderr.
  const say = (line: string): void => (isPrinting ? terminal.err(line) : terminal.out(line));
  say(sandboxBlock(server).join("\n"));
  const report = new SandboxReport(server, systemClock);
  await report.lines(control.signal, say);
  await server.stop();
  say(report.summary());
  return EXIT.ok;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

function readAddress(text: string, flags: string): Address {
  const [, v6, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw usageFault(`${longName(flags)} is \`${text}\`, needs host:port`, "for example 127.0.0.1:9200");
}

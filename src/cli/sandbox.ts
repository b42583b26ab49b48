// `spillway sandbox`: a bulk endpoint with a switchboard of faults, in the foreground until it is told to end.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./command.ts";
import { longName, usageFault } from "./usage.ts";

export const sandbox: Command = {
  name: "sandbox",
  group: "Learn",
  about: "Runs a small Elasticsearch-compatible endpoint with faults that can be switched",
  examples: [
    ["spillway sandbox", "on 127.0.0.1:9200, without faults"],
    ['spillway sandbox --faults "slow=200ms,429=30%"', "slow, and three of ten requests turned away"],
    ["spillway sandbox --listen 127.0.0.1:0", "on any free port"],
  ],
  options: [
    {
      flags: "--listen <host:port>",
      about: "where; port 0 is any free one",
      otherwise: "127.0.0.1:9200",
      read: readAddress,
    },
    {
      flags: "--faults <list>",
      about: "slow rate 429 503 reset lost hang html 401 429-items 413 mapping down",
      otherwise: "none",
    },
  ],
  exits: { [EXIT.fault]: "it could not listen there" },
  page: "reference/cli.md#sandbox",
  run,
};

async function run({ options, terminal }: Call): Promise<ExitCode> {
  const { systemClock } = await import("../core/clock.ts");
  const { startSandbox } = await import("../sandbox/bulk-server.ts");
  const { parseFaults } = await import("../sandbox/faults.ts");
  const { sandboxBlock, SandboxReport } = await import("./sandbox-report.ts");
  const faults = parseFaults(options["faults"] === "none" ? "" : (options["faults"] as string));
  const control = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => control.abort());
  const server = await startSandbox({ ...(options["listen"] as Address), faults }, systemClock);
  terminal.out(sandboxBlock(server).join("\n"));
  const report = new SandboxReport(server, systemClock);
  await report.lines(control.signal, (line) => terminal.out(line));
  await server.stop();
  terminal.out(report.summary());
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

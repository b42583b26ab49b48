// `spillway top`: shows a running agent live in a terminal, or prints one snapshot.
import type { ExitCode } from "../core/errors.ts";
import { EXIT, SpillwayError, describe } from "../core/errors.ts";
import { AGENT_OPTIONS, addressText, agentAddress } from "./agent/agent-address.ts";
import type { Call, Command } from "./program/command.ts";
import { JSON_OPTION } from "./program/command.ts";

const PATIENCE_MS = 5000;

export const top: Command = {
  name: "top",
  group: "Look",
  about: "Shows a running agent live: what it does, why, how full it is, where every byte went",
  examples: [
    ["spillway top", "the agent of /etc/spillway/spillway.yml, or the one at 127.0.0.1:9650"],
    ["spillway top --url unix:/run/spillway/admin.sock", "the agent at this address"],
    ["spillway top --once", "one snapshot, as when the output is no terminal"],
  ],
  options: [...AGENT_OPTIONS, { flags: "--once", about: "prints one snapshot and exits" }, JSON_OPTION],
  exits: {
    [EXIT.temporary]: "with --once: no agent answers",
    [EXIT.config]: "the configuration does not say where the agent listens, or `admin.listen` is off",
  },
  page: "reference/cli.md#top",
  run,
};

async function run(call: Call): Promise<ExitCode> {
  const { terminal, options } = call;
  const listen = agentAddress(call);
  if (listen === "off") {
    throw new SpillwayError("admin-off", "`admin.listen` is off, so the agent cannot be asked", {
      hint: "set it to an address and reload, or look at what is on disk with `spillway inspect`",
      exit: EXIT.config,
    });
  }
  const { systemClock } = await import("../core/clock.ts");
  const { glyphsFor } = await import("./terminal/glyphs.ts");
  const where = addressText(listen);
  const { stdin, stdout } = process;
  const live =
    options["once"] !== true && !terminal.json && stdin.isTTY && stdout.isTTY && process.env["TERM"] !== "dumb";
  const glyphs = glyphsFor(process.env);
  if (live) {
    const { watchAgent } = await import("./top/session.ts");
    const colours = terminal.paintOut("strong", "") !== "";
    terminal.out(await watchAgent({ listen, where, clock: systemClock, stdin, stdout, glyphs, colours }));
    return EXIT.ok;
  }
  const { askAgent } = await import("./agent/ask-agent.ts");
  const { status, body } = await askAgent(listen, "/status", PATIENCE_MS).catch((cause: unknown) => {
    throw new SpillwayError("agent-silent", `no agent answers at ${where}: ${describe(cause)}`, {
      hint: "is it running, and is this its `admin.listen`? `--url` names another",
      exit: EXIT.temporary,
      cause,
    });
  });
  if (status !== 200)
    throw new SpillwayError("agent-silent", `${where} answers ${status}: ${body.trim()}`, { exit: EXIT.temporary });
  if (terminal.json) {
    terminal.out(JSON.stringify(JSON.parse(body), null, 2));
    return EXIT.ok;
  }
  const { picture } = await import("./top/picture.ts");
  terminal.out(picture(body, { columns: terminal.columns, glyphs, nowMs: systemClock.wall(), where }));
  return EXIT.ok;
}

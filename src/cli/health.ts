// `spillway health`: asks a running agent whether its loops still run, for a container's health check and for scripts. If the
// admin endpoint is off, it looks whether a process uses the state directory.
import { systemClock } from "../core/clock.ts";
import type { ExitCode } from "../core/errors.ts";
import { EXIT, SpillwayError, describe } from "../core/errors.ts";
import { AGENT_OPTIONS, addressText, agentAddress, agentConfig } from "./agent/agent-address.ts";
import { type Call, type Command, configOf } from "./program/command.ts";

const PATIENCE_MS = 5000;
const RELOAD_MS = 1000;

export const health: Command = {
  name: "health",
  group: "Look",
  about: "Asks a running agent whether it is healthy",
  examples: [
    ["spillway health", "the agent of /etc/spillway/spillway.yml, or in a container its first process"],
    ["spillway health --url http://127.0.0.1:9650", "the agent at this address"],
  ],
  options: AGENT_OPTIONS,
  exits: {
    [EXIT.temporary]:
      "it does not respond, or reports that a loop has stopped; with `admin.listen: off`: no process uses its state directory",
    [EXIT.config]: "the configuration does not say where the agent listens, or its state directory cannot be read",
  },
  page: "reference/cli.md#health",
  run,
};

async function run(call: Call): Promise<ExitCode> {
  const listen = agentAddress(call);
  if (listen === "off") return lookAtLock(call);
  const { askAgent } = await import("./agent/ask-agent.ts");
  const where = addressText(listen);
  const { status, body } = await askAgent(listen, "/healthz", PATIENCE_MS).catch((cause: unknown) => {
    throw new SpillwayError("agent-silent", `no agent answers at ${where}: ${describe(cause)}`, {
      hint: "is it running, and is this its `admin.listen`? `--url` names another",
      exit: EXIT.temporary,
      cause,
    });
  });
  call.terminal.out(`${where}: ${body.trim()}`);
  return status === 200 ? EXIT.ok : EXIT.temporary;
}

/** What can be seen of an agent that cannot be asked: whether it runs, but not whether its loops do. */
async function lookAtLock(call: Call): Promise<ExitCode> {
  const { files, set } = agentConfig(call.options);
  const { config } = await configOf({ ...call, options: { config: files, set } }, "state");
  const [{ stateFolder }, { isInUse }] = await Promise.all([
    import("../buffer/directory/private.ts"),
    import("../buffer/spool/lock.ts"),
  ]);
  const directory = stateFolder(config.buffer.path);
  const off = "`admin.listen` is off, so the agent cannot be asked";
  let used = isInUse(directory);
  if (used === false) {
    // A reload leaves the directory for a moment.
    await systemClock.sleep(RELOAD_MS);
    used = isInUse(directory);
  }
  if (used === false) {
    throw new SpillwayError("agent-silent", `${off}, and no process uses its state directory ${directory}`, {
      hint: "is it running, and is this its `buffer.path`?",
      exit: EXIT.temporary,
    });
  }
  const seen = used ? "is in use" : "is missing or cannot be written, so nobody can tell whether it runs";
  call.terminal.out(`${off}; its state directory ${directory} ${seen}`);
  return EXIT.ok;
}

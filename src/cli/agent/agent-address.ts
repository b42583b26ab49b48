// Finds the admin address of a running agent: `--url`, else `admin.listen` of the configuration. In a container, the
// configuration is the one that process 1 was started with, so that a health check needs no arguments.
import { readFileSync } from "node:fs";
import { listenOf } from "../../config/admin-listen.ts";
import { type Listen, parseListen } from "../../config/values/listen.ts";
import { EXIT, SpillwayError } from "../../core/errors.ts";
import { type Call, CONFIG_OPTIONS, type Option } from "../program/command.ts";
import { usageFault } from "../program/usage.ts";

export const AGENT_OPTIONS: readonly Option[] = [
  {
    flags: "--url <url>",
    about: "the agent's admin address, for example http://127.0.0.1:9650 or unix:/run/spillway/admin.sock",
  },
  ...CONFIG_OPTIONS,
];

interface ConfigWords {
  readonly files: readonly string[];
  readonly set: readonly string[];
}

const DEFAULT: Listen = { host: "127.0.0.1", port: 9650 };

/** Throws a SpillwayError if the address cannot be determined. */
export function agentAddress({ options }: Call, cmdline: () => string = firstProcess): Listen {
  const url = options["url"] as string | undefined;
  if (url !== undefined) return fromUrl(url);
  const listen = listenOf({ ...agentConfig(options, cmdline), env: process.env }) ?? DEFAULT;
  if (listen !== "off" && "port" in listen && listen.port === 0) {
    throw new SpillwayError(
      "admin-port-unknown",
      "`admin.listen` has port 0, so only the agent's log says which port it has",
      {
        hint: "name it with `--url`, or give `admin.listen` a port",
        exit: EXIT.config,
      },
    );
  }
  return reachable(listen);
}

/** The options that name the agent's configuration: those of the call, else those of process 1 of a container. */
export function agentConfig(options: Call["options"], cmdline: () => string = firstProcess): ConfigWords {
  const given = { files: options["config"] as readonly string[], set: (options["set"] ?? []) as readonly string[] };
  const named = given.files.length !== 1 || given.files[0] !== CONFIG_OPTIONS[0]?.otherwise || given.set.length > 0;
  return (named ? undefined : runArguments(cmdline())) ?? given;
}

function fromUrl(text: string): Listen {
  const socket = parseListen(text);
  if (socket !== undefined && socket !== "off" && "socket" in socket) return socket;
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `http://${text}`);
  if (url?.protocol === "http:") return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 80) };
  throw usageFault(`--url is \`${text}\`, needs http://host:port or unix:/path`, "for example http://127.0.0.1:9650");
}

/** Replaces a wildcard address, which listens on all interfaces, by the loopback address. */
function reachable(listen: Listen): Listen {
  if (listen === "off" || !("host" in listen)) return listen;
  const own: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return { ...listen, host: own[listen.host] ?? listen.host };
}

function firstProcess(): string {
  try {
    return readFileSync("/proc/1/cmdline", "utf8");
  } catch {
    return "";
  }
}

/** The options of `spillway run`, from a process's NUL-terminated arguments; undefined if it is another program. */
export function runArguments(cmdline: string): ConfigWords | undefined {
  const words = cmdline.split("\0");
  const at = words.findIndex((word) => /(?:^|\/)spillway(?:\.js)?$/.test(word));
  if (at < 0 || words[at + 1] !== "run") return undefined;
  const files: string[] = [];
  const set: string[] = [];
  for (let i = at + 2; i < words.length; i++) {
    const [, name, joined] = /^(--config|--set|-c)=?(.*)$/s.exec(words[i] as string) ?? [];
    if (name === undefined) continue;
    const value = joined === "" ? (words[++i] ?? "") : (joined as string);
    (name === "--set" ? set : files).push(value);
  }
  return { files: files.length > 0 ? files : [CONFIG_OPTIONS[0]?.otherwise as string], set };
}

export function addressText(listen: Listen): string {
  if (listen === "off") return "off";
  if ("socket" in listen) return `unix:${listen.socket}`;
  return `http://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${listen.port}`;
}

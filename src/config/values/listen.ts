// Parses the admin address.
import type { AdminOptions } from "../../core/options.ts";

export type Listen = AdminOptions["listen"];

/** Accepts `host:port`, `[v6]:port`, `unix:/path` and `off`; undefined for anything else. */
export function parseListen(text: string): Listen | undefined {
  if (text === "off") return "off";
  const socket = /^unix:(\/.+)$/.exec(text)?.[1];
  if (socket !== undefined) return { socket };
  const [, v6, name, port] = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  return host !== undefined && Number(port) <= 65_535 ? { host, port: Number(port) } : undefined;
}

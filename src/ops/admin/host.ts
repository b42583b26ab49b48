// Decides which Host headers are accepted. A web page can point its own name at 127.0.0.1 and read what listens there (DNS
// rebinding), but it cannot make the browser send another name. So all names except loopback and listed ones are refused.
import { isIP } from "node:net";

export function hostAllowed(header: string | undefined, hosts: readonly string[]): boolean {
  // HTTP/1.0 probes send no Host header; browsers always do.
  if (header === undefined) return true;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(header);
  if (match === null) return false;
  if (match[1] !== undefined) return isIP(match[1]) === 6;
  const name = (match[2] as string).toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || isIP(name) === 4 || listed(name, hosts);
}

function listed(name: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => host.toLowerCase() === name);
}

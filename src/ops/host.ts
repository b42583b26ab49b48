// Which Host headers are answered. A page in a browser can point its own name at 127.0.0.1 and read what listens there
// (DNS rebinding); it cannot make the browser send another name. So names are refused, but for loopback and listed ones.
import { isIP } from "node:net";

export function hostAllowed(header: string | undefined, hosts: readonly string[]): boolean {
  // HTTP/1.0 probes send none; browsers always do.
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

// Chooses the proxy for a host: the configured one for every host, else the one that the environment names for the protocol,
// except for this machine itself and for the hosts in NO_PROXY.
import { EXIT, SpillwayError } from "../../core/errors.ts";
import type { ProxyOptions } from "../../core/options.ts";
import { reachedBy, stepOf } from "./connect.ts";

export function proxyFor(host: URL, { url, env }: ProxyOptions): string | undefined {
  if (url !== undefined) return url;
  const name = host.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = env[name];
  if (proxy === undefined || isDirect(host, env["NO_PROXY"] ?? "")) return undefined;
  const whole = proxy.includes("://") ? proxy : `http://${proxy}`;
  const { protocol } = URL.parse(whole) ?? {};
  if (protocol === "http:" || protocol === "https:") return whole;
  // The value may contain a password.
  throw new SpillwayError("bad-host", `${name} in the environment is not an http or https URL`, {
    hint: `write it as http://proxy:3128, unset it, or set output.proxy; NO_PROXY=${host.hostname} goes there directly`,
    exit: EXIT.config,
  });
}

/** Entries of NO_PROXY are `*`, names (which include all subdomains) and addresses, each optionally with a port. */
function isDirect({ hostname, port, protocol }: URL, list: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (name === "localhost" || name === "::1" || name.startsWith("127.")) return true;
  const own = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, suffix = "", wanted] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (entry === "*") return true;
      return suffix !== "" && (wanted ?? own) === own && (name === suffix || name.endsWith(`.${suffix}`));
    });
}

/** Says of an error before a connection that it is the proxy's, if there is one: TLS and a refused tunnel are about the host. */
export function byProxy(proxy: string | undefined, why: string): string {
  if (proxy === undefined || reachedBy(why) === "perhaps") return why;
  return stepOf(why) === "tls" || why.includes("Failed to establish tunnel") ? why : `${theProxy(proxy)}${why}`;
}

/** Without its user name and password. "": there is no proxy. */
export function theProxy(proxy: string | undefined): string {
  return proxy === undefined ? "" : `the proxy ${new URL(proxy).host}: `;
}

// The page at `/`: the single file that scripts/build-web.ts makes, compressed. Its content security policy permits only its own
// script and style, identified by their hashes, and connections to its own server.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Request } from "./request.ts";
import { type Reply, text } from "./router.ts";

const TYPE = "text/html; charset=utf-8";

interface Dashboard {
  readonly packed: Buffer;
  readonly policy: string;
}

let loaded: Dashboard | undefined;

export function dashboardReply({ headers }: Request): Reply {
  try {
    loaded ??= load(readFileSync(new URL("./dashboard.html", import.meta.url), "utf8"));
  } catch {
    return text(503, "this checkout has no page yet: `npm run build:parts` makes it; /status and /metrics are there");
  }
  const security = { "content-security-policy": loaded.policy, vary: "accept-encoding" };
  const packs = (headers.get("accept-encoding") ?? "").includes("gzip");
  if (packs)
    return { status: 200, type: TYPE, body: loaded.packed, headers: { ...security, "content-encoding": "gzip" } };
  return { status: 200, type: TYPE, body: gunzipSync(loaded.packed), headers: security };
}

function load(html: string): Dashboard {
  return { packed: gzipSync(html, { level: 9 }), policy: policyFor(html) };
}

/** The policy forbids everything that it does not name. */
export function policyFor(html: string): string {
  const hashes = (tag: string): string =>
    [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, "gs"))]
      .map(
        ([, inner]) =>
          `'sha256-${createHash("sha256")
            .update(inner as string)
            .digest("base64")}'`,
      )
      .join(" ");
  return [
    "default-src 'none'",
    `script-src ${hashes("script")}`,
    `style-src ${hashes("style")}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

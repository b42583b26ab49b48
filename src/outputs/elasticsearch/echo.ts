// Hides credentials that a server, or a proxy before it, repeats in its response: error texts go into the log, the status and the
// dead letters.
import type { OutputOptions } from "../../core/options.ts";

const HIDDEN = "***";
/** Shorter values stand in ordinary text too. */
const SHORTEST = 6;
const SECRET_HEADER = /auth|token|key|secret|password|cookie/i;

/** @returns a function that removes the output's credentials from the body of a response */
export function hidingCredentials(options: Pick<OutputOptions, "auth" | "headers">): (body: Buffer) => Buffer {
  const values = credentials(options)
    .filter((value) => value.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length);
  return (body) => {
    if (!values.some((value) => body.includes(value))) return body;
    return Buffer.from(values.reduce((text, value) => text.replaceAll(value, HIDDEN), body.toString("utf8")));
  };
}

function credentials({ auth, headers }: Pick<OutputOptions, "auth" | "headers">): string[] {
  const values = Object.entries(headers).flatMap(([name, value]) =>
    // Also without the scheme: "Bearer x".
    SECRET_HEADER.test(name) ? [value, value.slice(value.lastIndexOf(" ") + 1)] : [],
  );
  if (auth === undefined) return values;
  if ("bearer" in auth) return [...values, auth.bearer];
  if ("apiKey" in auth) {
    const [, key = ""] = Buffer.from(auth.apiKey, "base64").toString("utf8").split(":");
    return [...values, auth.apiKey, key];
  }
  const { username, password } = auth;
  return [...values, password, Buffer.from(`${username}:${password}`).toString("base64")];
}

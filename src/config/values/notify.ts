// Parses a rung's `notify`, which is a URL or a command, and formats it for display. Invariant: no part that may be a secret is
// shown. Of a URL, user name and query often are secret, as is the path of most webhooks; scheme and host are not. Of a command,
// every argument may be a secret (`--token`, `-H`); the program is not.
import type { NotifyTarget } from "../../core/options.ts";
import { HIDDEN } from "../faults/secrets.ts";
import type { Misfit, Schema } from "./vocabulary.ts";
import { special } from "./vocabulary.ts";

/** Search path for the program if the agent has no `PATH`. */
export const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

const EXAMPLE = '`"https://hooks.example.com/x"` or `[/usr/local/bin/scale, up]`';
const JSON_SCHEMA = {
  anyOf: [
    { title: "URL", type: "string", format: "uri", examples: ["https://hooks.example.com/x"] },
    { title: "command as a list of words", type: "array", items: { type: "string" }, minItems: 1 },
  ],
};

export function notifyTarget(): Schema<NotifyTarget> {
  return special<NotifyTarget>(JSON_SCHEMA, (value) => {
    if (Array.isArray(value)) return command(value);
    // Do not quote the value: a webhook without its `https://` is still a secret.
    if (typeof value !== "string")
      return { code: "wrong-type", says: "is neither a URL nor a list of words", help: EXAMPLE };
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url?.protocol === "http:" || url?.protocol === "https:") return { url: value };
    return { code: "bad-notify", says: "is a text, but not an http or https URL", help: helpFor(value) };
  });
}

function command(words: readonly unknown[]): NotifyTarget | Misfit {
  if (words.length === 0) return { code: "bad-notify", says: "is an empty list", help: EXAMPLE };
  for (const [i, word] of words.entries()) {
    const place = `word ${i + 1} of it`;
    if (typeof word !== "string")
      return { code: "wrong-type", says: `is a command, but ${place} is not a text`, help: "put it in quotes" };
    // A command's argument would end at its first NUL, and the program needs a name.
    if (word.includes("\0") || (i === 0 && word.trim() === ""))
      return { code: "bad-notify", says: `is a command, but ${place} cannot be used`, help: EXAMPLE };
  }
  return { command: words as readonly string[] };
}

function helpFor(text: string): string {
  const program = /^(\/\S*|[\w.-]+(?=\s))/.exec(text.trim())?.[0];
  if (program === undefined) return EXAMPLE;
  return `a command is a list of words, run without a shell: \`[${program}, ...]\``;
}

/** For logs and terminals: `https://hooks.example.com/***`, or the program. */
export function targetText(target: NotifyTarget): string {
  return "url" in target ? urlText(target.url) : (target.command[0] as string);
}

/** For the effective configuration: as `targetText`, with a placeholder for each argument of the command. */
export function targetFacts(target: NotifyTarget): string | readonly string[] {
  if ("url" in target) return urlText(target.url);
  const [program = "", ...words] = target.command;
  return [program, ...words.map(() => HIDDEN)];
}

/** Reduces every URL in a text to scheme and host. */
export function hideUrls(text: string): string {
  return text.replace(/\bhttps?:\/\/[^\s"'<>]+/gi, urlText);
}

function urlText(text: string): string {
  if (!URL.canParse(text)) return HIDDEN;
  const { protocol, host, username, password, pathname, search, hash } = new URL(text);
  const user = username === "" && password === "" ? "" : `${HIDDEN}@`;
  const bare = pathname === "/" && search === "" && hash === "";
  return `${protocol}//${user}${host}/${bare ? "" : HIDDEN}`;
}

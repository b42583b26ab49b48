// `spillway explain CODE`: prints what docs/errors.md says about an error or an event of the log. The page is part of the package.
import { readFileSync } from "node:fs";
import { EXIT } from "../core/errors.ts";
import type { Command } from "./program/command.ts";
import { didYouMean, usageFault } from "./program/usage.ts";

export const explain: Command = {
  name: "explain",
  group: "Learn",
  about: "Explains an error or a log event",
  examples: [
    ["spillway explain state-locked", "the code in brackets at the end of an error"],
    ["spillway explain output_stalled", "the `event` of a log line"],
    ["spillway explain", "lists all of them"],
  ],
  args: [
    {
      name: "[code]",
      about: "code of the error, or name of the event; brackets are ignored",
      choices: () => [...all().keys()],
    },
  ],
  options: [],
  exits: {},
  page: "errors.md",
  run: async ({ args: [code], terminal }) => {
    const texts = all();
    if (code === undefined) {
      terminal.out([...texts.keys()].join("\n"));
      return EXIT.ok;
    }
    // As an error prints it: with brackets.
    const name = (code as string).replace(/^\[(.*)\]$/, "$1");
    const text = texts.get(name);
    if (text === undefined) {
      const hint = "`spillway explain` lists all codes and events";
      throw usageFault(`no error or event is called ${name}${didYouMean(name, texts.keys())}`, hint);
    }
    terminal.out(text);
    return EXIT.ok;
  },
};

function all(): ReadonlyMap<string, string> {
  return explanations(readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8"));
}

const ROW = /^\| <a id="\w+"><\/a>`(\w+)` \| (.*?) \| (.*) \|$/gm;

/** What the page says about each code and event, as plain text. */
export function explanations(page: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  // A comment in an example begins with `# ` too, but with a small letter.
  for (const section of page.split(/^(?=## |# [A-Z])/m)) {
    const [, code, text = ""] = /^## `([a-z-]+)`\n(.*)/s.exec(section) ?? [];
    if (code !== undefined) texts.set(code, plain(text));
  }
  for (const [, event = "", level = "", text = ""] of page.matchAll(ROW)) {
    // `stopping` is both.
    const error = texts.get(event);
    const said = plain(`In the log (${level}): ${text}.`);
    texts.set(event, error === undefined ? said : `${error}\n\n${said}`);
  }
  return texts;
}

/** Without the marks of Markdown that only a browser needs: links keep their text. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replaceAll(/^```.*\n/gm, "")
    .replaceAll(/^> /gm, "")
    .trim();
}

// `spillway schema`: prints the JSON Schema of the configuration, for editors and other programs. The schema file is generated
// by scripts/generate-reference.ts and is part of the package.
import { readFileSync } from "node:fs";
import { EXIT } from "../core/errors.ts";
import type { Command } from "./program/command.ts";

export const schema: Command = {
  name: "schema",
  group: "Learn",
  about: "Prints the JSON Schema of the configuration",
  examples: [
    ["spillway schema", "prints it"],
    ["spillway schema > spillway.schema.json", "for an editor: `# yaml-language-server: $schema=spillway.schema.json`"],
  ],
  options: [],
  exits: {},
  page: "reference/config.md",
  run: async ({ terminal }) => {
    terminal.out(readFileSync(new URL("../../config/schema.json", import.meta.url), "utf8").trimEnd());
    return EXIT.ok;
  },
};

// Every command, in the order in which the groups show them. A new one is a file beside this and a line here.
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { schema } from "./schema.ts";

export const COMMANDS: readonly Command[] = [check, schema];

// Every command, in the order in which the groups show them. A new one is a file beside this and a line here.
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { schema } from "./schema.ts";
import { simulate } from "./simulate.ts";

export const COMMANDS: readonly Command[] = [check, simulate, schema];

// Every command, in the order in which the groups show them. A new one is a file beside this and a line here.
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { deadLetters } from "./dead-letters.ts";
import { demo } from "./demo.ts";
import { importOffsets } from "./import.ts";
import { drain, run } from "./run.ts";
import { inspect } from "./inspect.ts";
import { losses } from "./losses.ts";
import { sandbox } from "./sandbox.ts";
import { schema } from "./schema.ts";
import { simulate } from "./simulate.ts";

export const COMMANDS: readonly Command[] = [
  run,
  check,
  inspect,
  sandbox,
  demo,
  simulate,
  schema,
  importOffsets,
  drain,
  deadLetters,
  losses,
];

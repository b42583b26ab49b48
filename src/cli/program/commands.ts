// All commands, in the order in which `--help` lists them within their groups. To add a command, add a file beside this one
// and a line here.
import { check } from "../check.ts";
import type { Command } from "./command.ts";
import { deadLetters } from "../dead-letters.ts";
import { demo } from "../demo.ts";
import { health } from "../health.ts";
import { importOffsets } from "../import.ts";
import { explain } from "../explain.ts";
import { drain, run } from "../run.ts";
import { inspect } from "../inspect.ts";
import { losses } from "../losses.ts";
import { sandbox } from "../sandbox.ts";
import { schema } from "../schema.ts";
import { setup } from "../setup.ts";
import { simulate } from "../simulate.ts";
import { top } from "../top.ts";
import { repair, verify } from "../verify.ts";

export const COMMANDS: readonly Command[] = [
  run,
  setup,
  check,
  inspect,
  verify,
  top,
  health,
  sandbox,
  demo,
  simulate,
  explain,
  schema,
  importOffsets,
  drain,
  repair,
  deadLetters,
  losses,
];

// The keys of a rung, by its action, and the default ladder, which applies without `policies`.
import { LEVELS } from "../../core/options.ts";
import * as kinds from "../values/kinds.ts";
import { notifyTarget } from "../values/notify.ts";
import {
  about,
  choice,
  duration,
  either,
  list,
  maybe,
  optional,
  rate,
  section,
  size,
  tag,
} from "../values/vocabulary.ts";

const MOMENT = { value: 1, text: "1ms" };
const BYTE = { value: 1, text: "1B" };

const marks = {
  enter: about("utilization at which the rung is entered", kinds.utilization()),
  leave: about("utilization below which it is left", kinds.utilization()),
  notify: about(
    "what to notify when the rung has been in force for 60 s, and when it is left: a URL gets JSON by POST; a command, as a list of words, gets it on its standard input",
    maybe(notifyTarget()),
  ),
};
const until = section({
  waited: about("opens for everything after reading has waited this long", maybe(duration(MOMENT))),
  at_risk: about("opens for unread bytes of deleted files, as far as they exceed this", maybe(size())),
});
export const ladder = list(
  either("action", [
    section({
      action: tag("block"),
      ...marks,
      until: about("what opens the gate; without it, reading waits until `leave`", maybe(until)),
    }),
    section({
      action: tag("rate-limit"),
      ...marks,
      rate: about("bytes a second", rate()),
      burst: about("bytes that may come at once, above the rate", size(BYTE)),
      excess: about("whether records above the rate wait or are dropped", optional(choice("wait", "drop"), "wait")),
    }),
    section({
      action: tag("sample"),
      ...marks,
      keep: about("which part to keep: `1/4`, or `25%`", kinds.keep()),
      always: about(
        `records that are always kept: \`level >= WORD\`, one of ${LEVELS.join(", ")}`,
        maybe(kinds.always()),
      ),
    }),
    section({ action: tag("drop-newest"), ...marks }),
    section({ action: tag("drop-random"), ...marks }),
    section({ action: tag("drop-oldest"), ...marks }),
  ]),
);

export const DEFAULT_LADDER = [
  { action: "block", enter: "70%", leave: "60%", until: { at_risk: "256MiB" } },
  { action: "sample", enter: "85%", leave: "70%", keep: "25%", always: "level >= warn" },
  { action: "drop-oldest", enter: "95%", leave: "85%" },
];

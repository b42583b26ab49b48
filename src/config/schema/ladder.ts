// The keys of a rung, by its action, and the ladder that is there without `policies`.
import { LEVELS } from "../../core/options.ts";
import * as kinds from "../kinds.ts";
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
  text,
} from "../vocabulary.ts";

const MOMENT = { value: 1, text: "1ms" };
const BYTE = { value: 1, text: "1B" };

const marks = {
  enter: about("utilization at which the rung is entered", kinds.mark()),
  leave: about("utilization below which it is left", kinds.mark()),
  notify: about("command or URL, called when the rung has been entered for 60 s", maybe(text())),
};
const until = section({
  waited: about("opens for everything after waiting so long", maybe(duration(MOMENT))),
  at_risk: about("opens for what exceeds it of the bytes that would otherwise be lost", maybe(size())),
});
export const ladder = list(
  either("action", [
    section({
      action: tag("block"),
      ...marks,
      until: about("what opens the gate; without it reading waits", maybe(until)),
    }),
    section({
      action: tag("rate-limit"),
      ...marks,
      rate: about("bytes a second", rate()),
      burst: about("bytes that may come at once", size(BYTE)),
      excess: about("whether what exceeds it waits or is dropped", optional(choice("wait", "drop"), "wait")),
    }),
    section({
      action: tag("sample"),
      ...marks,
      keep: about("`1/4`, or the percentage that equals it", kinds.keep()),
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

// Creates the process's rung notifier with its two transports: a URL or a program.
import { hostname } from "node:os";
import { hideUrls } from "../../config/values/notify.ts";
import { hideSecrets } from "../../config/faults/secrets.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { runCommand } from "./command.ts";
import type { Sender } from "./notification.ts";
import { post } from "./post.ts";
import { DELAYS, type Delays, RungNotifier } from "./rung-notifier.ts";

export interface CreateOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Read for each log line, because a reload may add secrets. */
  readonly secrets: ReadonlySet<string>;
  readonly facts: () => Sender["facts"];
  readonly delays: Delays | undefined;
}

export function createRungNotifier(options: CreateOptions): RungNotifier {
  const { clock, log, version, secrets, facts, delays = DELAYS } = options;
  return new RungNotifier({
    clock,
    log,
    delays,
    facts,
    host: hostname(),
    deliver: (target, body, signal) =>
      "url" in target
        ? post(target.url, body, `spillway/${version}`, signal)
        : runCommand(target.command, body, signal),
    hide: (text) => hideUrls(hideSecrets(text, secrets)),
  });
}

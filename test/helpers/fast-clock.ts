// The system clock sped up by a factor, so that quiet periods pass quickly. Timers keep their order.
import { type Clock, systemClock } from "../../src/core/clock.ts";

export function fastClock(factor: number): Clock {
  return {
    ...systemClock,
    now: () => systemClock.now() * factor,
    after: (ms, run) => systemClock.after(ms / factor, run),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}

// Parses a rate that changes over time: `10000/s`, or steps such as `10000/s:10m,2000/s`. The last step lasts to the end.
import { parseDuration } from "../core/units.ts";
import type { Profile, Step } from "../policy/simulate/profile.ts";
import { longName, usageFault } from "./program/usage.ts";

export function readProfile(text: string, flags: string): Profile {
  const parts = text.split(",");
  const steps = parts.map((part, i) => step(part, i === parts.length - 1));
  const [first, ...others] = steps;
  if (first === undefined || steps.includes(undefined)) {
    const help = "`10000/s`, or steps: `10000/s:10m,0/s:5m,2000/s`";
    throw usageFault(`${longName(flags)} is \`${text}\`, needs lines a second`, help);
  }
  return [first, ...others.filter((other) => other !== undefined)];
}

function step(text: string, last: boolean): Step | undefined {
  const [, rate, time] = /^(\d+(?:\.\d+)?)\/s(?::(\w+))?$/.exec(text.trim()) ?? [];
  if (rate === undefined || (time === undefined && !last)) return undefined;
  const forMs = time === undefined ? Infinity : parseDuration(time);
  return typeof forMs === "number" ? { rate: Number(rate), forMs } : undefined;
}

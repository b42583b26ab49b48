// The simulation's result in words: a title, the ledger, and lines on latency and time. The terminal and the SVG share them.
import type { Action } from "../../core/options.ts";
import { budget, count, duration, flow, percent } from "../../core/figures.ts";
import { describeProfile } from "./profile.ts";
import { type Result, balance, dropped } from "./result.ts";

export function title({ options }: Result): string {
  const produce = describeProfile(options.produce, count, duration);
  const consume = describeProfile(options.consume, count, duration);
  return `in ${produce}, out ${consume}, for ${duration(options.forMs)}`;
}

export function setting({ options }: Result): string {
  const room = `${budget(options.budget)} of lines of ${options.lineBytes} B`;
  if (options.mode === "unbounded") return `a queue without bounds, killed at ${room}`;
  const packed = options.memory < options.budget ? `, stored at ${percent(options.stored)} of their size` : "";
  return `ladder ${options.policy}: ${room}${packed}`;
}

/** The ledger as lines of text. Their amounts add up to what was written. */
export function ledgerLines(result: Result): readonly string[] {
  const { account, options } = result;
  const amount = (records: number) =>
    `${count(records).padStart(12)}  ${flow(records * options.lineBytes).padStart(9)}`;
  const parts: readonly (readonly [string, number])[] = [
    ["delivered", account.delivered],
    ["sampled out", account.sampled],
    ["dropped (oldest)", account.oldest],
    ["dropped (newest)", account.newest],
    ["dropped (random)", account.random],
    ["dropped (rate)", account.rate],
    [`lost in ${result.crashes} crashes`, account.crashed],
    ["buffered", account.buffered],
    ["waiting in the file", account.waiting],
    ["abandoned", account.abandoned],
  ];
  const shown = parts.filter(([name, records]) => records > 0 || name === "delivered");
  const width = Math.max(...shown.map(([name]) => name.length));
  const line = (sign: string, name: string, records: number) => ` ${sign} ${name.padEnd(width)}  ${amount(records)}`;
  return [
    line(" ", "written", account.written),
    ...shown.map(([name, records], i) => line(i === 0 ? "=" : "+", name, records)),
    `   ${"balance".padEnd(width)}  ${count(balance(account)).padStart(12)}`,
  ];
}

/** The share of the written records that was sampled out, dropped or abandoned. */
export function lossShare({ account }: Result): number {
  return account.written === 0 ? 0 : (account.sampled + dropped(account) + account.abandoned) / account.written;
}

export function latencyLine({ latency, series }: Result): string {
  const oldest = series.at(-1)?.oldestMs ?? 0;
  const within = (ms: number) => (ms === 0 ? "at once" : `within ${duration(ms)}`);
  const left = oldest === 0 ? "nothing is left" : `the oldest not delivered is ${duration(oldest)} old`;
  return `late: half ${within(latency.p50Ms)}, all ${within(latency.maxMs)}; ${left}`;
}

export function timesLine({ msPerAction, blockedMs, peak, options }: Result): string {
  if (options.mode === "unbounded") return "time: no rung acts";
  const times = Object.entries(msPerAction).filter(([, ms]) => ms > 0) as [Action, number][];
  const waited = blockedMs > 0 ? `; intake waited ${duration(blockedMs)}` : "";
  return `time: ${times.map(([action, ms]) => `${action} ${duration(ms)}`).join(", ")}${waited}; highest ${percent(peak)}`;
}

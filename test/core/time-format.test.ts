import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { systemClock } from "../../src/core/clock.ts";
import { faultOf, timeReader } from "../../src/core/time-format.ts";

const NOW = Date.UTC(2026, 10, 24, 12);
const read = (format: string, text: string, now = NOW): string => {
  const time = timeReader(format)(text, now);
  return Number.isNaN(time) ? "none" : new Date(time).toISOString();
};

test("formats that logs have", () => {
  for (const [format, text, expected] of [
    ["%d/%b/%Y:%H:%M:%S %z", '1.2.3.4 - - [24/Nov/2026:06:40:12 +0100] "GET /', "2026-11-24T05:40:12.000Z"],
    ["%Y-%m-%dT%H:%M:%S.%f%z", "x 2026-11-24T06:40:12.123456-00:30 y", "2026-11-24T07:10:12.123Z"],
    ["%F %T,%L %Z", "2026-11-24 06:40:12,007 UTC INFO", "2026-11-24T06:40:12.007Z"],
    ["%A, %d %B %Y %I:%M:%S %p GMT%z", "Tuesday, 24 November 2026 06:40:12 PM GMT+0000", "2026-11-24T18:40:12.000Z"],
    ["%d %b %y %I:%M %p %Z", "1 jan 99 12:05 am GMT", "1999-01-01T00:05:00.000Z"],
    ["%s", "1795502412.5 started", "2026-11-24T06:40:12.500Z"],
    ["%Q", "at 1795502412007.5", "2026-11-24T06:40:12.007Z"],
    ["%Y-%m-%d %T %Z", "2026-07-01 12:00:00 Europe/Berlin", "2026-07-01T10:00:00.000Z"],
    ["%Y-%m-%d %T %Z", "2026-12-01 12:00:00 America/New_York", "2026-12-01T17:00:00.000Z"],
    ["100%% %Y-%m-%d %z", "100% 2026-11-24 Z", "2026-11-24T00:00:00.000Z"],
    ["[%Y(%m)%d] %Z", "[2026(11)24] UTC", "2026-11-24T00:00:00.000Z"],
    ["%Y-%m-%d %Z", "2026-11-24 Nowhere/AtAll", "none"],
    ["%Y-%m-%d %Z", "12026-11-24 UTC", "none"],
    ["%Y-%m-%d %Z", "2026-02-30 UTC", "none"],
    ["%Y-%m-%d %Z", "2026-13-01 UTC", "none"],
    ["%Y-%m-%d %H:%M %Z", "2026-11-24 24:00 UTC", "none"],
    ["%Y-%m-%d %Z", "nothing", "none"],
  ] as const) {
    assert.equal(read(format, text), expected, `${format} in ${text}`);
  }
});

test("a time that stands far behind the beginning is none", () => {
  assert.equal(read("%F %T%z", `${" ".repeat(400)}2026-11-24 06:40:12Z`), "2026-11-24T06:40:12.000Z");
  assert.equal(read("%F %T%z", `${" ".repeat(500)}2026-11-24 06:40:12Z`), "none");
});

for (const format of [
  "%a %b %d %H:%M:%S %Y",
  "%b %e %H:%M:%S",
  "%A, %d %B %Y %I:%M:%S %p",
  "%d %b %Z",
  "%a %a %a %a %a %d %b",
  "%s",
])
  test(`${format} takes microseconds over any text`, () => {
    for (const part of ["A", "jan", "1", " ", "jan ", "a/", "monday jan 1 ", "jan 1 1:00:00"])
      for (const extent of ["beginning", "whole"] as const) {
        const reader = timeReader(format, extent);
        const text = part.repeat((1 << 20) / part.length);
        reader(text, NOW);
        const start = systemClock.now();
        for (let i = 0; i < 10; i++) reader(text, NOW);
        const took = systemClock.now() - start;
        assert.ok(took < 200, `${took} ms for ten texts of ${part} by ${extent}`);
      }
  });

test("a text that has to be a time as a whole", () => {
  const whole = (format: string, text: string): number => timeReader(format, "whole")(text, NOW);
  assert.equal(whole("%F %T%z", " 2026-11-24 06:40:12Z\t"), Date.UTC(2026, 10, 24, 6, 40, 12));
  assert.equal(whole("%F %T%z", "2026-11-24 06:40:12Z x"), NaN);
  assert.equal(whole("%F %T%z", "x 2026-11-24 06:40:12Z"), NaN);
  assert.equal(whole("%s", "1795502412123"), NaN);
  assert.equal(whole("%Q", "1795502412123"), 1795502412123);
});

test("without a year it is the latest that is not in the future", () => {
  const syslog = "%b %e %H:%M:%S %Z";
  assert.equal(read(syslog, "Nov  4 06:40:12 UTC web sshd"), "2026-11-04T06:40:12.000Z");
  assert.equal(read(syslog, "Dec 31 23:59:59 UTC"), "2025-12-31T23:59:59.000Z");
  const newYear = Date.UTC(2027, 0, 1, 0, 0, 5);
  assert.equal(read(syslog, "Dec 31 23:59:59 UTC", newYear), "2026-12-31T23:59:59.000Z");
  assert.equal(read(syslog, "Jan  1 00:30:00 UTC", Date.UTC(2026, 11, 31, 23, 59)), "2027-01-01T00:30:00.000Z");
  assert.equal(read(syslog, "Feb 29 00:00:00 UTC", Date.UTC(2024, 2, 1)), "2024-02-29T00:00:00.000Z");
});

test("without a zone it is the host's", () => {
  const local = new Date(2026, 6, 1, 12, 30, 15);
  assert.equal(read("%Y-%m-%d %H:%M:%S", "2026-07-01 12:30:15"), local.toISOString());
});

test("what is written with a zone is read back", () => {
  const zones = fc.integer({ min: -14 * 60, max: 14 * 60 });
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date("2200-01-01"), noInvalidDate: true }),
      zones,
      (date, zone) => {
        const wall = new Date(date.getTime() + zone * 60_000).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.floor(Math.abs(zone) / 60), Math.abs(zone) % 60];
        const sign = zone < 0 ? "-" : "+";
        const text = `${wall}${sign}${String(hours).padStart(2, "0")}${String(minutes).padStart(2, "0")}`;
        assert.equal(read("%Y-%m-%dT%H:%M:%S.%f%z", text), date.toISOString());
      },
    ),
  );
});

test("faults are named", () => {
  assert.equal(faultOf("%d/%b/%Y:%T %z"), undefined);
  assert.equal(faultOf("%s"), undefined);
  assert.equal(faultOf("%Q"), undefined);
  assert.match(faultOf("%d %b %K") ?? "", /%K/);
  assert.match(faultOf("%d %b %") ?? "", /`%`/);
  assert.match(faultOf("%H:%M %%s %%d") ?? "", /day/);
  assert.match(faultOf("%d %b %e") ?? "", /twice/);
});

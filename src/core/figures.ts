// Formats numbers for people, the same in the log, on a terminal and in errors. Data that flows is in MB (powers of 1000),
// budgets are in MiB (powers of 1024), with a space before every unit. Invariant: no figure has more digits than it has
// precision.

/** 1234567 -> "1,234,567". */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Bytes that flow: "0 B", "4.1 kB", "260.0 GB". */
export function flow(bytes: number): string {
  return scaled(bytes, 1000, ["B", "kB", "MB", "GB", "TB"], 1);
}

/** Bytes of a budget: "64 MiB", "1.5 GiB". */
export function budget(bytes: number): string {
  return scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"], 0);
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  // Compare with the rounded value, so that 999,999 bytes print as 1.0 MB, not 1000.0 kB.
  while (unit < units.length - 1 && Math.abs(value) >= base - (unit === 0 ? 0 : 0.05)) {
    value /= base;
    unit++;
  }
  const whole = unit === 0 || (digits === 0 && (value >= 10 || Number.isInteger(value)));
  return `${value.toFixed(whole ? 0 : 1)} ${units[unit]}`;
}

/** 0.873 -> "87 %". */
export function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

/** Milliseconds: "84 ms", "6.4 s", "48 s", "21m08s", "2h40m", "3d 04h". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

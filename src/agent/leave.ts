// Ends a process in which a thread waits for a hanging disk. Nothing can end that thread, and Node would wait for it as long as
// the disk hangs. So the process replaces itself by another program, which has one thread and exits.
import type { ExitCode } from "../core/errors.ts";

/** Does not return, unless a sandbox forbids execve; then the process ends when the disk responds. */
export function leaveThreadsBehind(code: ExitCode): void {
  try {
    process.execve?.(process.execPath, [process.execPath, "-e", `process.exit(${code})`], {});
  } catch {
    process.exitCode = code;
  }
}

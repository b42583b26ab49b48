// Checks `notify`: the program exists, and no credentials are sent in clear. These are only warnings, because the agent ships
// logs without notifications as well.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { DEFAULT_PATH } from "../values/notify.ts";
import type { Report } from "../faults/report.ts";
import { present } from "../faults/report.ts";
import type { Read } from "../schema/index.ts";
import type { Path } from "../yaml/tree.ts";
import { isLoopback } from "./output.ts";

/** @param search `PATH` of the environment */
export function notifyRules(config: Read, search: string | undefined, report: Report): void {
  for (const [name, ladder] of Object.entries(config.policies)) {
    for (const [i, { notify }] of present(ladder)) {
      const path = ["policies", name, i, "notify"];
      if (notify === undefined || !report.sound(path)) continue;
      if ("url" in notify) inClear(new URL(notify.url), path, report);
      else missing(notify.command[0] as string, search ?? DEFAULT_PATH, path, report);
    }
  }
}

function inClear(url: URL, path: Path, report: Report): void {
  if (url.protocol !== "http:" || (url.username === "" && url.password === "") || isLoopback(url.hostname)) return;
  report.warning(path, {
    code: "auth-in-clear",
    message: "credentials go to this host over plain HTTP, readable on the way",
    help: "`https://`",
  });
}

function missing(program: string, search: string, path: Path, report: Report): void {
  const places = program.includes("/") ? [program] : search.split(delimiter).map((folder) => join(folder, program));
  if (places.some(isProgram)) return;
  const where = program.includes("/") ? "" : " in any folder of `PATH`";
  report.warning(path, {
    code: "program-missing",
    message: `there is no program \`${program}\`${where} that may be run, so nobody will be told`,
    help: "install it, or name it by its whole path; it needs the right to be run (`chmod +x`)",
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

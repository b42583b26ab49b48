// The seed of tests that play at random. SEED=123 repeats a run. Otherwise it is another one each time; with CI=true it comes
// from the code, so that the gate gives the same answer to the same commit, and other commits meet other weather.
import { execFileSync } from "node:child_process";

const LIMIT = 1e9;

export const SEED = seed();

function seed(): number {
  const { SEED: given, CI } = process.env;
  if (given !== undefined) return Number(given);
  return CI === "true" ? ofTheCode() : Math.floor(Math.random() * LIMIT);
}

/** From the hash of the commit's files. 1 where git knows of none. */
function ofTheCode(): number {
  try {
    const tree = execFileSync("git", ["rev-parse", "HEAD^{tree}"], { encoding: "utf8", stdio: "pipe" });
    return Number.parseInt(tree.slice(0, 12), 16) % LIMIT;
  } catch {
    return 1;
  }
}

// Finds the files that a configuration's inputs match now, with the file input's own directory walker, and estimates how fast
// they grow.
import { describe } from "../../core/errors.ts";
import type { InputOptions } from "../../core/options.ts";
import { quickStatOf } from "../../inputs/file/paths.ts";
import { excluding, compile } from "../../inputs/file/discovery/glob.ts";
import { walk } from "../../inputs/file/discovery/walker.ts";

export interface Found {
  readonly input: string;
  readonly files: number;
  readonly bytes: number;
  /** The first few paths. */
  readonly examples: readonly string[];
  /** Bytes per second, averaged over the lifetime of each file. */
  readonly growth: number;
  readonly unreadable: readonly string[];
}

const EXAMPLES = 3;
/** A file younger than this is too new to estimate its growth. */
const LEAST_LIFE_MS = 60_000;

export async function findFiles(input: InputOptions): Promise<Found> {
  const { paths, unreadable } = await walk(input.paths.map(compile), excluding(input.exclude));
  const stats = paths.map((path) => quickStatOf(path)).filter((one) => one?.isFile() === true);
  const growth = stats.map((one) => {
    const life = (one?.mtimeMs ?? 0) - (one?.birthtimeMs ?? 0);
    return life < LEAST_LIFE_MS ? 0 : ((one?.size ?? 0) / life) * 1000;
  });
  return {
    input: input.id,
    files: stats.length,
    bytes: stats.reduce((sum, one) => sum + (one?.size ?? 0), 0),
    examples: paths.slice(0, EXAMPLES),
    growth: growth.reduce((sum, one) => sum + one, 0),
    unreadable: unreadable.map(({ path, error }) => `${path}: ${describe(error)}`),
  };
}

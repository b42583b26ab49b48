// The files that the inputs of a configuration match at this moment, with the walker of the file input itself, and how fast
// they have grown so far.
import { statSync } from "node:fs";
import { describe } from "../core/errors.ts";
import type { InputOptions } from "../core/options.ts";
import { excluding, compile } from "../inputs/file/patterns.ts";
import { walk } from "../inputs/file/walker.ts";

export interface Found {
  readonly input: string;
  readonly files: number;
  readonly bytes: number;
  /** The first few paths. */
  readonly examples: readonly string[];
  /** Bytes a second over the life of the files. */
  readonly growth: number;
  readonly unreadable: readonly string[];
}

const EXAMPLES = 3;
/** A file of this moment says nothing about how fast it grows. */
const LEAST_LIFE_MS = 60_000;

export async function findFiles(input: InputOptions): Promise<Found> {
  const { paths, unreadable } = await walk(input.paths.map(compile), excluding(input.exclude));
  const stats = paths.map((path) => statSync(path, { throwIfNoEntry: false })).filter((one) => one?.isFile() === true);
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

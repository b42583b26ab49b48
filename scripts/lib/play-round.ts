// Plays one round of `npm run proof`.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Round } from "./proof-rounds.ts";

export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly seed: number;
  readonly figures: readonly string[];
  /** The last lines of the output of a round that failed; else empty. */
  readonly end: readonly string[];
  /** The command that plays it again. */
  readonly again: string;
}

const PATIENCE_MS = 3_600_000;
const FIGURES = 3;
const LAST_LINES = 60;

/** @param scale of its counts and times; 1 is as the round's text says */
export async function playRound(round: Round, scale: number, seed: number): Promise<Outcome> {
  const many = (count: number): number => Math.max(1, Math.round(count * scale));
  const started = performance.now();
  // With a group of its own, so that nothing of a round outlives it.
  const [program = "", ...options] = round.command(many, seed);
  const child = spawn(program === "node" ? process.execPath : program, options, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, CI: "true", SEED: String(seed), ...round.environment?.(many) },
    detached: true,
  });
  const end = setTimeout(() => endGroup(child.pid), PATIENCE_MS);
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const lines: string[] = [];
  const figures: string[] = [];
  const listen = async (stream: NodeJS.ReadableStream): Promise<void> => {
    for await (const line of createInterface({ input: stream })) {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
      if (round.figures.test(line)) figures.push(line);
    }
  };
  const [code] = await Promise.all([closed, listen(child.stdout), listen(child.stderr)]);
  clearTimeout(end);
  endGroup(child.pid);
  const passed = code === 0;
  return {
    ...{ name: round.name, passed, seconds: Math.round((performance.now() - started) / 1000), seed },
    figures: figures.slice(-FIGURES),
    end: passed ? [] : lines,
    again: `npm run proof -- ${round.name} --scale ${scale} --seed ${seed}`,
  };
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}

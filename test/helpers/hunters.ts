// Runs searches over seeds (hunts) in child processes, one per core at a time. Each child gets its own range of seeds.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export interface Hunted {
  readonly runs: number;
  readonly found: { readonly seed: number; readonly violation: string } | undefined;
}

/** @param script takes kind, count and first seed as arguments and prints one line of JSON; in this tree or a mutated copy */
export async function huntInChild(script: string, kind: string, count: number, from: number): Promise<Hunted> {
  const child = spawn(process.execPath, [script, kind, String(count), String(from)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`the hunt ended with ${code}: ${complaint.slice(0, 2000)}`);
  return JSON.parse(out) as Hunted;
}

/** Runs the tasks, at most `most` at a time. @returns their results in order */
export async function atATime<T>(most: number, tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < tasks.length; i = next++) results[i] = await (tasks[i] as () => Promise<T>)();
  };
  await Promise.all(Array.from({ length: most }, work));
  return results;
}

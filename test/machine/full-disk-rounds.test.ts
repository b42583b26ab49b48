// Seeds of `npm run damage` that have failed once: a real file system is full before or while an agent runs, then there is room.
import { test } from "node:test";
import { FullDiskRounds } from "../damage/full-disk-rounds.ts";
import { Dice } from "../simulation/violation.ts";

const SEEDS = [
  // Another program's file was there before the state directory, so the state is in a folder of its own.
  798741259,
];

for (const seed of SEEDS)
  test(`seed ${seed}`, async () => {
    const dice = new Dice(seed);
    const scene = await FullDiskRounds.make(dice);
    try {
      await scene.play(dice);
    } finally {
      await scene.end();
    }
  });

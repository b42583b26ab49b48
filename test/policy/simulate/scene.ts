// The article's example, for the simulator's tests: 10,000 lines a second in, 5,000 out, and a small buffer.
import { steady } from "../../../src/policy/simulate/profile.ts";
import type { SimulateOptions } from "../../../src/policy/simulate/result.ts";

const MIB = 2 ** 20;

export const ARTICLE: SimulateOptions = {
  policy: "test",
  ladder: [],
  budget: 64 * MIB,
  memory: 16 * MIB,
  stored: 0.25,
  produce: steady(10_000),
  consume: steady(5000),
  forMs: 3_600_000,
  lineBytes: 200,
  always: 0.02,
  named: Infinity,
  held: 1024 * MIB,
  mode: "ladder",
};

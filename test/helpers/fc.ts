// fast-check, with the seed of the run: a file that runs again plays the same.
import fc from "fast-check";
import { SEED } from "./seed.ts";

fc.configureGlobal({ seed: SEED });

export default fc;

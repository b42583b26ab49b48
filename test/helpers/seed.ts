// The seed of tests that play at random: the same in every run, so that a test gives the same answer to the same code. Other
// seeds are for `npm run proof`; SEED=123 plays one of them.
export const SEED = Number(process.env["SEED"] ?? 1);

// The test files that `npm run proof` runs and `npm test` leaves out, each with the reason: they take long, play many rounds,
// want a machine to themselves, or wait for a fault to be mended. Whoever moves one here loses its protection before a change
// is taken; so it is named, and `npm test -- WORD` still runs it.

/** By file, or by folder with a slash at its end. */
export const PROOF_FILES: Readonly<Record<string, string>> = {
  "test/machine/": "boots a systemd, builds images and packages, drives a browser, starts other servers",
  "test/crash/rotation.test.ts": "25 s of kills while logs rotate; `npm run crash` kills in the gate",
  "test/crash/tables.test.ts": "15 s of kills over formats; `npm run crash` kills in the gate",
  "test/inputs/file/rotated-both-ways.test.ts":
    "3 of 100 histories of logs that are renamed and copied by turns double lines: a fault that is not yet mended",
  "test/pipeline/slow-target.test.ts":
    "the bodies of a slow target do not become small: a fault that is not yet mended",
  "test/system/copies.test.ts": "27 s of real rotations",
  "test/system/damaged-state.test.ts": "58 s of damaged state directories; test/buffer/salvage/ is in the gate",
  "test/system/full-disk.test.ts": "28 s of full disks; test/buffer/spool/disk/ is in the gate",
  "test/system/gzip.test.ts": "16 s of compressed logs; test/inputs/file/gzip/ is in the gate",
  "test/system/json.test.ts": "17 s of documents against real servers",
  "test/system/large-directories.test.ts": "8 s with many thousands of files",
  "test/system/network-mounts.test.ts": "25 s of mounts that hang",
  "test/system/notify.test.ts": "16 s of waiting for notices to be due",
  "test/system/reload.test.ts": "61 s of reloads of the real agent; test/agent/ is in the gate",
  "test/system/unwritable-state.test.ts": "44 s of state directories that cannot be written",
};

export function isForProof(file: string): boolean {
  return Object.keys(PROOF_FILES).some((place) => (place.endsWith("/") ? file.startsWith(place) : file === place));
}

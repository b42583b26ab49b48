// The rounds of `npm run proof`: everything that takes long, plays at random or needs much of a machine.
import { PROOF_FILES } from "./proof-files.ts";

export interface Round {
  readonly name: string;
  readonly shows: string;
  /** About how long it takes on two cores at scale 1. */
  readonly minutes: number;
  /** Drives programs that the gate does not need: podman, Chromium, rpm. */
  readonly needsPrograms?: true;
  /** `many(n)` is n at the scale of the run, at least 1. */
  readonly command: (many: (count: number) => number, seed: number) => readonly string[];
  readonly environment?: (many: (count: number) => number) => Readonly<Record<string, string>>;
  /** The lines of its output that hold its figures; the last three of them are the result. */
  readonly figures: RegExp;
}

const TESTS = ["node", "scripts/test.ts"];
const COUNTS = /^\d+ passed, \d+ failed, \d+ skipped$/;
const MACHINE = "test/machine/";
const SERVERS = "test/machine/servers/";

/** Comes first, if root plays rounds that need it. */
export const PROGRAMS: Round = {
  name: "programs",
  shows: "the programs that the rounds drive can be installed",
  minutes: 1,
  command: () => ["bash", "scripts/programs.sh", "proof"],
  figures: /^$/,
};

export const ROUNDS: readonly Round[] = [
  {
    name: "tests",
    shows: "the test files that `npm test` leaves out for their time",
    minutes: 8,
    command: () => [...TESTS, ...Object.keys(PROOF_FILES).filter((file) => !file.endsWith("/"))],
    figures: COUNTS,
  },
  {
    name: "machine",
    shows: "systemd, containers, packages, a browser, a failing disk, an upgrade",
    minutes: 15,
    needsPrograms: true,
    command: () => [...TESTS, MACHINE],
    figures: COUNTS,
  },
  {
    name: "servers",
    shows: "Elasticsearch 7.17, 8 and 9, plain and secured, OpenSearch, VictoriaLogs",
    minutes: 6,
    command: () => [
      ...TESTS,
      SERVERS,
      ...["elasticsearch", "bulk-contract", "ship", "json"].map((name) => `test/system/${name}.`),
    ],
    environment: () => ({ SPILLWAY_SERVERS: "all" }),
    figures: COUNTS,
  },
  {
    name: "fresh",
    shows: "the README's two commands where only Node 20 and npm are installed",
    minutes: 3,
    needsPrograms: true,
    command: () => ["bash", "scripts/fresh-machine.sh"],
    figures: COUNTS,
  },
  {
    name: "audit",
    shows: "known holes in the packages that the lock file names",
    minutes: 1,
    command: () => ["node", "scripts/audit.ts"],
    figures: /./,
  },
  {
    name: "simulation",
    shows: "the whole engine in 20,000 random schedules of faults, and 300 with a database in files",
    minutes: 6,
    command: (many, seed) => [
      "node",
      "scripts/simulation.ts",
      "--schedules",
      `${many(20_000)}`,
      "--files",
      `${many(300)}`,
      "--from",
      `${seed}`,
    ],
    figures: /^\d+ schedules, \d+ violations$|^VIOLATION/,
  },
  {
    name: "simulation-mutants",
    shows: "each rule of the engine, turned off, is noticed",
    minutes: 6,
    command: () => ["node", "scripts/simulation.ts", "--schedules", "0", "--files", "0", "--mutants", "all"],
    figures: /mutants, \d+ not noticed$|^NOT NOTICED/,
  },
  {
    name: "histories",
    shows: "the tailer in 4,000 random histories of files, and 1,000 of copies",
    minutes: 4,
    command: (many, seed) => ["node", "scripts/histories.ts", "--schedules", `${many(4000)}`, "--from", `${seed}`],
    figures: /^\d+ histories, \d+ violations$|^VIOLATION/,
  },
  {
    name: "histories-mutants",
    shows: "each rule of the tailer, turned off, is noticed",
    minutes: 6,
    command: () => ["node", "scripts/histories.ts", "--schedules", "0", "--mutants", "all"],
    figures: /mutants, \d+ not noticed$|^NOT NOTICED/,
  },
  {
    name: "few-descriptors",
    shows: "100 random histories of more busy files than may be open",
    minutes: 3,
    command: () => [...TESTS, "test/inputs/file/few-descriptors"],
    environment: (many) => ({ SPILLWAY_RUNS: `${many(100)}` }),
    figures: COUNTS,
  },
  {
    name: "crash",
    shows: "an agent killed 400 times, to the numbered line",
    minutes: 6,
    command: (many, seed) => ["node", "scripts/crash.ts", "--rounds", `${many(400)}`, "--seed", `${seed}`],
    figures: /^\d+ rounds; /,
  },
  {
    name: "damage",
    shows: "200 damaged state directories, agents on 10 of them, 18 full disks",
    minutes: 5,
    command: (many, seed) => [
      ...["node", "scripts/damage.ts", "--rounds", `${many(200)}`, "--agents", `${many(10)}`],
      ...["--full-disk", `${many(18)}`, "--from", `${seed}`],
    ],
    figures: /^\d+ (?:rounds|agents|full disks):|^FAILED/,
  },
  {
    name: "chaos",
    shows: "faults of every kind for three minutes, and an exact account",
    minutes: 4,
    command: (many, seed) => ["node", "scripts/chaos.ts", "--minutes", `${many(180) / 60}`, "--seed", `${seed}`],
    figures: /^\d+ lines: /,
  },
  {
    name: "soak",
    shows: "three minutes of files rotated 20 times a second, in bounded memory",
    minutes: 4,
    command: (many) => ["node", "scripts/soak.ts", "--minutes", `${many(180) / 60}`],
    figures: /MiB resident|^soak /,
  },
];

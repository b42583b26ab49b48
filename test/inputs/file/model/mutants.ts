// Each rule of the tailer turned off in turn: the histories must notice. A rule that can be turned off without anybody
// noticing is not tested, whatever the tests of it say. Some no history of short files and quick steps meets, or another
// rule stands behind them: what a rename chain hides is found by content, what is not looked for again is found while the
// file's time is fresh. The test named with such a rule must fail without it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { inMutatedTree, type Mutant } from "../../../helpers/mutant.ts";
import { huntInChild } from "../../../model/hunters.ts";

export interface TailerMutant extends Mutant {
  /** Whose histories must notice it: those of files where nothing is said. */
  readonly world?: "copies";
  /** Below test/inputs/file, and which one of its tests. */
  readonly test?: readonly [file: string, name: string];
}

export const MUTANTS: readonly TailerMutant[] = [
  {
    name: "what stands before the position is not compared when reading",
    file: "inputs/file/reader.ts",
    from: "if (read < 0 || !this.unchanged(tail, before))",
    to: "if (read < 0)",
  },
  {
    name: "a shorter file is the same generation",
    file: "inputs/file/look.ts",
    from: "} else if (stats.size < tail.position || (stats.size < tail.size && this.overwritten(tail))) this.restart(tail);\n    else if",
    to: "} else if",
  },
  {
    name: "a file of the same size was not overwritten",
    file: "inputs/file/look.ts",
    from: "if (this.overwritten(tail)) this.parts.generations.restart(tail, 0);\n      else ",
    to: "",
  },
  {
    name: "a file that loses its name loses its descriptor",
    file: "inputs/file/look.ts",
    from: `    if (tail.fd === CLOSED) return undefined;
    const held`,
    to: `    this.parts.descriptors.close(tail);
    if (tail.fd === CLOSED) return undefined;
    const held`,
  },
  {
    name: "a nameless file's last line waits for its end",
    file: "inputs/file/look.ts",
    from: '    tail.end = "closing";\n    if (tail.readable) return ready.push(tail);\n',
    to: "    if (tail.readable) return ready.push(tail);\n",
  },
  {
    name: "a displaced file that is not found at once is over",
    file: "inputs/file/renames.ts",
    from: "    if (tail.fd !== CLOSED) {",
    to: "    if (tail.fd === CLOSED) {",
  },
  {
    name: "the inode alone tells what a file of an earlier process is",
    file: "inputs/file/known.ts",
    from: "list.filter((known) => continues(tail.fd, known.identity, known.checkpoint, known.mark))",
    to: "list.filter((known) => continues(tail.fd, known.identity, 0, { length: 0, hash: 0 }) || true)",
  },
  {
    name: "the head is not compared after a restart",
    file: "inputs/file/continues.ts",
    from: "  if (length !== identity.headLength || hash !== identity.headHash) return false;\n",
    to: "",
  },
  {
    name: "the other generations of an inode are kept for ever",
    file: "inputs/file/discovery.ts",
    from: "    for (const other of others) endings.retire(other);\n",
    to: "",
  },
  {
    name: "a restart begins where the file was read to, not at the checkpoint",
    file: "inputs/file/generations.ts",
    from: "    tail.seek(checkpoint, mark);",
    to: "    tail.seek(Math.max(size, checkpoint), mark);",
  },
  {
    name: "what was truncated keeps its source",
    file: "inputs/file/generations.ts",
    from: '    this.orphan(tail, { reason: "truncated", bytes: missed });\n',
    to: "",
  },
  {
    name: "the head is durable as it was at the beginning",
    file: "inputs/file/generations.ts",
    from: "      tail.head = head;\n      this.identify(tail);",
    to: "      tail.head = head;",
  },
  {
    name: "a source does not go on in a copy",
    file: "inputs/file/heirs.ts",
    from: `    if (typeof heir === "object") return discovery.adopt(heir, orphan);\n`,
    to: `    if (typeof heir === "object") return endings.bury(orphan);\n`,
  },
  {
    name: "a source is never forgotten",
    file: "inputs/file/endings.ts",
    from: "      this.shared.intake.forget(source);\n",
    to: "",
  },
  {
    name: "with once a last line waits for its end",
    file: "inputs/file/discovery.ts",
    from: '    if (shared.mode === "once") tail.end = "closing";\n    try {',
    to: "    try {",
  },
  {
    name: "another name of a file that we have is a new file",
    file: "inputs/file/discovery.ts",
    from: "      if (tail === undefined) {\n",
    to: '      if (tail?.mode !== "named") {\n',
    test: ["rotation.test.ts", "a link that is switched to another directory and back: neither file is read anew"],
  },
  {
    name: "the directory of a file without its name is not looked through",
    file: "inputs/file/renames.ts",
    from: "const search = await listing.find(tail.path, tail.identity);",
    to: 'const search = { kind: "absent" } as Awaited<ReturnType<typeof listing.find>>;',
    test: ["rotation.test.ts", "the rest of a renamed file is read, and its identity follows the name"],
  },
  {
    name: "what may be a copy is read at once",
    file: "inputs/file/suspects.ts",
    from: `if (suspicion !== "none" && this.waits(file, size, suspicion)) return true;`,
    to: `if (suspicion === "lasting" && this.waits(file, size, suspicion)) return true;`,
    test: ["heirs.test.ts", "copytruncate: the copy is seen while it is made"],
  },
  {
    name: "files that were renamed while nobody looked are not searched for",
    file: "inputs/file/searches.ts",
    from: "    if (sources.size === 0) return;\n",
    to: "    for (const known of [...sources]) {\n      sources.remove(known);\n      endings.retire(known);\n    }\n    if (sources.size === 0) return;\n",
    test: [
      "restart.test.ts",
      "rotated while stopped, once and twice: the rest is found under a name that no pattern matches",
    ],
  },
  {
    name: "a partial line is not looked for again",
    file: "inputs/file/reader.ts",
    from: `tail.searched = framed.rest === "partial" ? start + bytes.length : tail.position;`,
    to: "tail.searched = start + bytes.length + 1;",
    test: ["encodings.test.ts", "latin1, with lines that grow threefold, next to quiet files"],
  },
  {
    name: "the same time means the same content, within one tick too",
    file: "inputs/file/look.ts",
    from: `stats.mtimeMs !== mtimeMs || mtime === "fresh"`,
    to: `stats.mtimeMs !== mtimeMs`,
    test: ["rotation.test.ts", "written over with the same size, within one tick of the kernel's clock"],
  },
  {
    name: "what could not be opened stands in line again",
    file: "inputs/file/file-input.ts",
    from: `if (outcome === "unread") this.looker.retry(tail);\n    else if (tail.readable)`,
    to: `if (outcome === "unread") this.looker.retry(tail);\n    if (tail.readable)`,
    test: [
      "descriptors.test.ts",
      "files that waited for a turn without a descriptor and are gone, renamed or replaced when it comes",
    ],
  },
  {
    name: "a file that no watcher speaks of is looked at as rarely as others",
    file: "inputs/file/look.ts",
    from: '      if (tail.interval >= COLD_MS) tail.hints = "unheard";\n',
    to: "",
    test: ["look.test.ts", "a file is looked at more often, once that has shown"],
  },
  {
    name: "and for ever more often",
    file: "inputs/file/look.ts",
    from: '    tail.hints = "trusted";\n',
    to: "",
    test: ["look.test.ts", "and rarely again, once it was heard of"],
  },
  {
    name: "what the kernel forgot waits for its look",
    file: "inputs/file/hints.ts",
    from: "heard >= FLOOD",
    to: "heard < 0",
    test: ["hints.test.ts", "more events than the kernel keeps: a quiet file whose only event is lost"],
  },
  {
    name: "what is called like a copy is one",
    file: "inputs/file/copy-of.ts",
    from: "if (identity.headLength === 0 || !continues(fd, identity, checkpoint, mark)) return false;",
    to: "if (identity.headLength === 0) return false;",
    world: "copies",
  },
  {
    name: "no file waits for a source that lost its own",
    file: "inputs/file/suspects.ts",
    from: "yield this.ofLost(file, size, source);",
    to: 'yield "none";',
    world: "copies",
  },
  {
    name: "a compressed file is read next to its original",
    file: "inputs/file/suspects.ts",
    from: `return this.files.get(file.path)?.twin === "other" ? "none" : "lasting";`,
    to: 'return "none";',
    world: "copies",
  },
  {
    name: "a source begins anew in the copy where it goes on",
    file: "inputs/file/generations.ts",
    from: "    tail.seek(checkpoint, mark);\n    tail.source = id;",
    to: "    tail.seek(0, NO_MARK);\n    tail.source = id;",
    world: "copies",
  },
  {
    name: "a copy that lacks what was read last is a file of its own",
    file: "inputs/file/heirs.ts",
    from: "for (const earlier of past) {",
    to: "for (const earlier of past.slice(past.length)) {",
    test: ["heirs.test.ts", "copytruncate: what is read between copying and truncating the copy lacks"],
  },
  {
    name: "a compressed file does not wait for an original that is not known yet",
    file: "inputs/file/suspects.ts",
    from: "return original !== undefined && this.parts.registry.at(original) === undefined && existsSync(original);",
    to: "return false;",
    test: ["hints.test.ts", "a compressed file that is heard of waits for its original that was not"],
  },
];

/** Seeds that are tried; most are found within a hundred. */
const SEEDS = { files: 3000, copies: 1000 };

/** By what the mutant was noticed; undefined: by nothing. */
export function noticed(mutant: TailerMutant): Promise<string | undefined> {
  const { test, world = "files" } = mutant;
  return inMutatedTree(mutant, async (directory) => {
    const here = join(directory, "test/inputs/file");
    if (test !== undefined) return (await fails(join(here, test[0]), test[1])) ? `"${test[1]}"` : undefined;
    const { found } = await huntInChild(join(here, "model/hunt.ts"), `${world}/mutant`, SEEDS[world], 1);
    return found && `seed ${found.seed}`;
  });
}

/** What runs no test does not fail. */
async function fails(file: string, name: string): Promise<boolean> {
  const pattern = `^${RegExp.escape(name)}$`;
  const child = spawn(process.execPath, ["--test", `--test-name-pattern=${pattern}`, file], { stdio: "ignore" });
  const [code] = (await once(child, "close")) as [number | null];
  return code === 1;
}

// Each rule of the tailer turned off in turn: the histories must notice. A rule that can be turned off without anybody
// noticing is not tested, whatever the tests of it say. Not here, because no history of short files and steps in one
// process meets them: the mark after a restart (which needs a changed file behind an equal kilobyte), times of one tick,
// and names that change between two calls. Nor rules behind which another one stands: what a rename chain hides is found
// by content, and what is not looked for again is, while its time is fresh.
import { join } from "node:path";
import { inMutatedTree, type Mutant } from "../../../helpers/mutant.ts";
import type { Hunted } from "../../../model/hunt.ts";
import { huntInChild } from "../../../model/hunters.ts";

export const MUTANTS: readonly Mutant[] = [
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
    from: '    tail.end = "closing";\n    if (tail.readable) this.parts.ready.push(tail);\n    else',
    to: "    if (tail.readable) this.parts.ready.push(tail);\n    else",
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
    from: '    this.orphan(tail, CLOSED, { reason: "truncated", bytes: missed });\n',
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
];

/** Seeds that are tried; most are found within a hundred. */
const SEEDS = 3000;

export function huntMutant(mutant: Mutant): Promise<Hunted> {
  return inMutatedTree(mutant, (directory) =>
    huntInChild(join(directory, "test/inputs/file/model/hunt.ts"), "mutant", SEEDS, 1),
  );
}

// Mutation testing of the tailer: each mutant turns off one rule, and the histories must notice. A rule whose mutant is not
// noticed is not tested. Some rules never matter in histories of short files and quick steps, or another rule covers for them:
// what a rename chain hides is found by content, and what is not searched for again is found while the file's time is recent.
// Such a mutant names the test that must fail instead.
import { join } from "node:path";
import { fails, inMutatedTree, type Mutant } from "../../../helpers/mutant.ts";
import { huntInChild } from "../../../helpers/hunters.ts";

export interface TailerMutant extends Mutant {
  /** The histories that must notice the mutant. Default: those of history.ts. */
  readonly world?: "copies";
  /** Instead of a hunt: a file below test/inputs/file and the name of one of its tests. */
  readonly test?: readonly [file: string, name: string];
}

export const MUTANTS: readonly TailerMutant[] = [
  {
    name: "what stands before the position is not compared when reading",
    file: "inputs/file/tail/reader.ts",
    from: "read < 0 || !this.unchanged(tail, before)",
    to: "read < 0",
  },
  {
    name: "a shorter file has the content that was read",
    file: "inputs/file/tail/poller.ts",
    from: "    if (stats.size < position || (stats.size < size && isOverwritten(tail))) return this.replace(tail);\n",
    to: "",
  },
  {
    name: "a file of the same size was not overwritten",
    file: "inputs/file/tail/poller.ts",
    from: "      if (isOverwritten(tail)) return this.replace(tail, 0);\n",
    to: "",
  },
  {
    name: "a file that loses its name loses its descriptor",
    file: "inputs/file/tail/poller.ts",
    from: "    if (tail.fd === CLOSED) return undefined;\n    const held",
    to: "    this.parts.descriptors.close(tail);\n    if (tail.fd === CLOSED) return undefined;\n    const held",
  },
  {
    name: "the last line of an unlinked file waits for its end",
    file: "inputs/file/tail/poller.ts",
    from: '    tail.end = "closing";\n    if (tail.readable) return queue.push(tail);\n',
    to: "    if (tail.readable) return queue.push(tail);\n",
  },
  {
    name: "a moved file that is not found at once is over",
    file: "inputs/file/rotation/search.ts",
    from: "    if (tail.fd !== CLOSED) assignments.unlink(tail);\n    else assignments",
    to: "    assignments",
    test: [
      "late-writers.test.ts",
      "moved to where nobody looks: what is written within a minute is read, behind a last line that was taken too",
    ],
  },
  {
    name: "the inode alone tells what a file of an earlier process is",
    file: "inputs/file/identity/relations.ts",
    from: "      if (candidate.continues(source)) relations.push",
    to: "      relations.push",
  },
  {
    name: "a source whose file is not found after a restart is kept for ever",
    file: "inputs/file/rotation/search.ts",
    from: '    assignments.detach(tail, tail.lag === 0 ? GONE : { reason: "deleted", bytes: tail.lag });\n',
    to: "",
  },
  {
    name: "a restart begins where the file was read to, not at the checkpoint",
    file: "inputs/file/rotation/assignments.ts",
    from: "    tail.seek(position, tail.checksum);",
    to: "    tail.seek(Math.max(size, position), tail.checksum);",
  },
  {
    name: "what was truncated keeps its source",
    file: "inputs/file/rotation/assignments.ts",
    from: '    this.recordLoss(tail, { reason: "truncated", bytes: missed });\n',
    to: "",
    test: ["rotation.test.ts", "truncated with bytes that were missed, and no copy"],
  },
  {
    name: "the fingerprint is durable as it was at the beginning",
    file: "inputs/file/rotation/assignments.ts",
    from: "    tail.fingerprint = extended;\n    this.identify(tail);",
    to: "    tail.fingerprint = extended;",
  },
  {
    name: "a source does not go on in a copy",
    file: "inputs/file/identity/resolve.ts",
    from: 'return state === "readable" ? hold("unread") : { kind: "resume", source };',
    to: 'return state === "readable" ? hold("unread") : { kind: "skip", source };',
  },
  {
    name: "a source is never forgotten",
    file: "inputs/file/rotation/assignments.ts",
    from: "      intake.forget(source);\n",
    to: "",
  },
  {
    name: "with once a last line waits for its end",
    file: "inputs/file/rotation/assignments.ts",
    from: 'const end = shared.mode === "once" ? "closing" : "open";',
    to: 'const end = "open";',
  },
  {
    name: "another name of a file that we have is a new file",
    file: "inputs/file/rotation/coordinator.ts",
    from: "const tail = stats?.isFile() ? index.withFile(stats) : undefined;",
    to: "const tail = stats?.isFile() ? index.at(path) : undefined;",
    test: ["rotation.test.ts", "one of two names is removed: the file goes on under the other, and is not read anew"],
  },
  {
    name: "the directory of a file without its name is not looked through",
    file: "inputs/file/rotation/search.ts",
    from: "    const listings = await this.directories.around(tail.path);\n    if (isBusy",
    to: "    const listings: readonly Listing[] = [];\n    if (isBusy",
    test: [
      "rotation/search.test.ts",
      "moved to a directory that nobody watches, by a name that no rotation gives, while its descriptor is closed",
    ],
  },
  {
    name: "what may become a copy is read at once",
    file: "inputs/file/identity/resolve.ts",
    from: 'return candidate.holding === "over" || isLate(candidate, source) ? NEW : hold("incomplete");',
    to: "return NEW;",
    test: ["rotation/copies.test.ts", "copytruncate: the copy is seen while it is made"],
  },
  {
    name: "files that were renamed while nobody looked are not searched for",
    file: "inputs/file/rotation/search.ts",
    from: "    if (file !== undefined) return void coordinator.consider(file.path, this.scopeOf(file.path));\n",
    to: "",
    test: ["rotation/search.test.ts", "renamed while stopped to a name that no rotation gives"],
  },
  {
    name: "a partial line is not looked for again",
    file: "inputs/file/tail/reader.ts",
    from: `tail.searched = framed.rest === "partial" ? start + bytes.length : tail.position;`,
    to: "tail.searched = start + bytes.length + 1;",
    test: ["encodings.test.ts", "latin1, with lines that grow threefold, next to quiet files"],
  },
  {
    name: "the same time means the same content, within one tick too",
    file: "inputs/file/tail/rewritten.ts",
    from: `stats.mtimeMs !== mtimeMs || mtime === "fresh"`,
    to: `stats.mtimeMs !== mtimeMs`,
    test: ["rotation.test.ts", "written over with the same size, within one tick of the kernel's clock"],
  },
  {
    name: "what could not be opened stands in line again",
    file: "inputs/file/file-input.ts",
    from: `if (outcome === "unread") this.poller.retry(tail);\n      else if (tail.readable)`,
    to: `if (outcome === "unread") this.poller.retry(tail);\n      if (tail.readable)`,
    test: [
      "tail/descriptors.test.ts",
      "files that waited for a turn without a descriptor and are gone, renamed or replaced when it comes",
    ],
  },
  {
    name: "a file that no watcher speaks of is polled as rarely as others",
    file: "inputs/file/tail/poller.ts",
    from: '      if (tail.interval >= COLD_MS) tail.events = "missed";\n',
    to: "",
    test: ["tail/poller.test.ts", "a file is looked at more often, once that has shown"],
  },
  {
    name: "and for ever more often",
    file: "inputs/file/tail/poller.ts",
    from: '    tail.events = "trusted";\n',
    to: "",
    test: ["tail/poller.test.ts", "and rarely again, once it was heard of"],
  },
  {
    name: "what the kernel forgot waits for its poll",
    file: "inputs/file/discovery/watches.ts",
    from: "heard >= FLOOD",
    to: "heard < 0",
    test: [
      "discovery/notifications.test.ts",
      "more events than the kernel keeps: a quiet file whose only event is lost",
    ],
  },
  {
    name: "what is called like a copy is one",
    file: "inputs/file/identity/candidate.ts",
    from: "    const beginning = this.compareBeginning(source, live);\n",
    to: '    const beginning = this.compareBeginning(source, live);\n    if (source.position > 0) return "full";\n',
    world: "copies",
  },
  {
    name: "no file waits for a source whose file is being looked for",
    file: "inputs/file/identity/resolve.ts",
    from: 'return state === "undecided" && holding === "allowed" && waitedMs < MOST_HELD_MS;',
    to: "return false && waitedMs > 0 && holding === state;",
    test: ["rotation/copies.test.ts", "two logs with equal content are both read, and each goes on in its own copy"],
  },
  {
    name: "a compressed file is read next to its original",
    file: "inputs/file/identity/resolve.ts",
    from: 'if (evidence === "unverified") return growsOn(candidate, source) ? NEW : hold("unverified");',
    to: 'if (evidence === "unverified") return NEW;',
    world: "copies",
  },
  {
    name: "a source begins anew in the copy where it goes on",
    file: "inputs/file/rotation/assignments.ts",
    from: "    tail.seek(position, tail.checksum);",
    to: "    tail.seek(0, NO_CHECKSUM);",
    world: "copies",
  },
  {
    name: "only the first of the sources that a file may be a copy of is kept",
    file: "inputs/file/identity/resolve.ts",
    from: 'if (judged.kind === "hold") holds.push',
    to: 'if (judged.kind === "hold" && holds.length === 0) holds.push',
    test: [
      "identity/resolve.test.ts",
      "of several sources one that goes on decides; else all that it may be a copy of are kept",
    ],
  },
  {
    name: "a copy that lacks what was read last is a file of its own",
    file: "inputs/file/identity/candidate.ts",
    from: 'return holds ? "older" : "partial";',
    to: 'return "partial";',
    test: ["rotation/copies.test.ts", "copytruncate: what is read between copying and truncating the copy lacks"],
  },
  {
    name: "a compressed copy that lacks what was read last is a file of its own",
    file: "inputs/file/rotation/verify.ts",
    from: "[source, ...source.earlier]",
    to: "[source]",
    test: [
      "rotation/copies.test.ts",
      "copytruncate and compress: what is read between copying and truncating the copy lacks",
    ],
  },
  {
    name: "a compressed file does not wait for an original that is not known yet",
    file: "inputs/file/rotation/coordinator.ts",
    from: "const original = this.considerOriginal(path);",
    to: "const original = undefined;",
    test: [
      "discovery/notifications.test.ts",
      "a compressed file that is heard of comes after its original that was not",
    ],
  },
  {
    name: "the same path in a new inode is a new file",
    file: "inputs/file/identity/resolve.ts",
    from: 'if ((evidence !== "full" && evidence !== "same") || isRecreated(evidence, source)) return NEW;',
    to: "return NEW;",
    test: ["same-content.test.ts", "replaced by the same content and more, in a new inode, again and again: goes on"],
  },
  {
    name: "a file that says the same at a path that was empty is the same file",
    file: "inputs/file/identity/resolve.ts",
    from: 'return absent === "yes" && evidence === "same";',
    to: 'return absent === "yes" && evidence === "older";',
    test: [
      "same-content.test.ts",
      "a status file that is removed and written anew each night with the same text longer than a fingerprint",
    ],
  },
  {
    name: "a fingerprint covers no more than was read since the last restart",
    file: "inputs/file/rotation/assignments.ts",
    from: "const known = tail.fingerprint.length >= Math.min(position, FINGERPRINT_LENGTH);",
    to: "const known = position > FINGERPRINT_LENGTH;",
    test: [
      "same-content.test.ts",
      "a fingerprint does not shrink when a process ends before it has read anything again",
    ],
  },
];

/** Number of seeds to try. Most mutants are found within a hundred. */
const SEEDS = { files: 3000, copies: 1000 };

/** What noticed the mutant: a test or a seed. Undefined: nothing did. */
export function noticed(mutant: TailerMutant): Promise<string | undefined> {
  const { test, world = "files" } = mutant;
  return inMutatedTree(mutant, async (directory) => {
    const here = join(directory, "test/inputs/file");
    if (test !== undefined) return (await fails(join(here, test[0]), test[1])) ? `"${test[1]}"` : undefined;
    const { found } = await huntInChild(join(here, "model/hunt.ts"), `${world}/mutant`, SEEDS[world], 1);
    return found && `seed ${found.seed}`;
  });
}

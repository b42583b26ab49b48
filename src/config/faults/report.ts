// Collects the faults of one load. It knows which paths have faults already, so that no fault is reported twice and a rule over
// several values is skipped if one of them is invalid by itself. This avoids cascades.
import type { FaultCode } from "./codes.ts";
import type { Fault } from "./fault.ts";
import { keyPlace, nearest } from "../yaml/tree.ts";
import type { Path, Tree } from "../yaml/tree.ts";

export interface Say {
  readonly code: FaultCode;
  readonly message: string;
  readonly help: string;
  /** Set to point at the key instead of the value. */
  readonly point?: "key";
  readonly related?: { readonly path: Path; readonly note: string };
}

export class Report {
  readonly faults: Fault[] = [];
  readonly warnings: Fault[] = [];
  private readonly tree: Tree;
  private readonly wrong: Path[] = [];
  private readonly unseen: Path[] = [];

  constructor(tree: Tree) {
    this.tree = tree;
  }

  error(path: Path, say: Say): void {
    this.wrong.push(path);
    this.faults.push(this.fault(path, say, "error"));
  }

  warning(path: Path, say: Say): void {
    this.warnings.push(this.fault(path, say, "warning"));
  }

  /** Marks a value whose fault was reported elsewhere, so that no rule checks it. */
  alreadyWrong(path: Path): void {
    this.wrong.push(path);
  }

  /** Marks a value whose substitution nobody can see now: no rule checks it, and the text as written stands for it. */
  cannotSee(path: Path): void {
    this.unseen.push(path);
  }

  /** True if there is no fault, and no unseen value, at, above or below any of these paths. */
  sound(...paths: readonly Path[]): boolean {
    const unsound = [...this.wrong, ...this.unseen];
    return !paths.some((path) => unsound.some((other) => begins(path, other) || begins(other, path)));
  }

  /** True if there is no fault at or above the path; there may be one below. */
  reached(path: Path): boolean {
    return !this.wrong.some((other) => begins(other, path));
  }

  private fault(path: Path, say: Say, severity: Fault["severity"]): Fault {
    const at = (say.point === "key" ? keyPlace(this.tree, path) : undefined) ?? nearest(this.tree, path);
    const fault = { code: say.code, severity, at, message: say.message, help: say.help };
    if (!say.related) return fault;
    const other = nearest(this.tree, say.related.path);
    return other === at ? fault : { ...fault, related: { at: other, note: say.related.note } };
  }
}

function begins(start: Path, path: Path): boolean {
  return start.length <= path.length && start.every((step, i) => step === path[i]);
}

/** The items of a list with their indexes, without those that had the wrong type. */
export function present<T>(list: readonly T[] | undefined): readonly (readonly [at: number, item: T])[] {
  return [...(list ?? []).entries()].filter(([, item]) => item !== undefined);
}

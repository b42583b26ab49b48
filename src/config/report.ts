// Where the faults of one load are gathered. It knows which paths are at fault already, so that nothing is said twice and a
// rule over several values is silent while one of them is wrong by itself: no cascades.
import type { FaultCode } from "./codes.ts";
import type { Fault } from "./fault.ts";
import { keyPlace, nearest } from "./tree.ts";
import type { Path, Tree } from "./tree.ts";

export interface Say {
  readonly code: FaultCode;
  readonly message: string;
  readonly help: string;
  /** Points at the key instead of the value. */
  readonly point?: "key";
  readonly related?: { readonly path: Path; readonly note: string };
}

export class Report {
  readonly faults: Fault[] = [];
  readonly warnings: Fault[] = [];
  private readonly tree: Tree;
  private readonly wrong: Path[] = [];

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

  /** A value whose fault was found before there was a report: no rule looks at it. */
  doubt(path: Path): void {
    this.wrong.push(path);
  }

  /** Nothing is wrong at, above or below any of these. */
  sound(...paths: readonly Path[]): boolean {
    return !paths.some((path) => this.wrong.some((other) => begins(path, other) || begins(other, path)));
  }

  /** Nothing is wrong at or above it; below it may be. */
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

/** The items of a list that are there, with their place in it: what did not fit at all is left out. */
export function present<T>(list: readonly T[] | undefined): readonly (readonly [at: number, item: T])[] {
  return [...(list ?? []).entries()].filter(([, item]) => item !== undefined);
}

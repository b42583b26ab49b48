// Helpers to change the page. Invariant: everything from outside (ids, paths, error texts) becomes text, never markup.

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

export interface Props {
  readonly class?: string;
  readonly title?: string;
  /** The name of a cell if the table is shown as cards. */
  readonly label?: string;
}

export function element(tag: string, props: Props, ...children: readonly (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (props.class !== undefined) made.className = props.class;
  if (props.title !== undefined) made.title = props.title;
  if (props.label !== undefined) made.dataset["label"] = props.label;
  made.append(...children);
  return made;
}

/** Changes the text only if it differs, so that nothing flickers and screen readers announce only changes. */
export function say(into: HTMLElement, text: string): void {
  if (into.textContent !== text) into.textContent = text;
}

export interface Cell {
  readonly text: string;
  readonly class?: string;
}

/** Fills a table with a head row; the first column names the rows. */
export function fillTable(table: HTMLElement, head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const signature = JSON.stringify([head, rows]);
  if (table.dataset["shown"] === signature) return;
  table.dataset["shown"] = signature;
  const row = (cells: readonly Cell[]): HTMLElement => {
    const [first, ...rest] = cells;
    const name = element("th", { class: first?.class ?? "" }, first?.text ?? "");
    (name as HTMLTableCellElement).scope = "row";
    const others = rest.map((cell, i) =>
      element("td", { label: head[i + 1] ?? "", class: cell.class ?? "" }, cell.text),
    );
    return element("tr", {}, name, ...others);
  };
  const names = head.map((text) => {
    const cell = element("th", {}, text);
    (cell as HTMLTableCellElement).scope = "col";
    return cell;
  });
  table.replaceChildren(element("thead", {}, element("tr", {}, ...names)), element("tbody", {}, ...rows.map(row)));
}

export function colour(name: string): string {
  const probe = document.documentElement;
  const value = getComputedStyle(probe).getPropertyValue(`--${name}`).trim();
  // Canvas does not support light-dark(), so the browser resolves the colour on an element.
  probe.style.setProperty("outline-color", value);
  const resolved = getComputedStyle(probe).outlineColor;
  probe.style.removeProperty("outline-color");
  return resolved;
}

/** The value as text, for example "1m20s"; a dash if it is unknown. */
export function orDash<T>(value: T | null | undefined, text: (value: T) => string): string {
  return value === null || value === undefined ? "–" : text(value);
}

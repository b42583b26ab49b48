// The few SVG elements that the picture needs. Coordinates have one decimal, so that the file changes only where the picture
// changes.

export function escape(value: string): string {
  return value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

export function text(x: number, y: number, value: string, style?: string, anchor?: "middle" | "end"): string {
  const look = (style ? ` class="${style}"` : "") + (anchor ? ` text-anchor="${anchor}"` : "");
  return `<text x="${round(x)}" y="${round(y)}"${look}>${escape(value)}</text>`;
}

/** A step line: one horizontal level per column, from `left` on, `width` wide in all. It shows no slope that the data lacks. */
export function steps(left: number, width: number, heights: readonly number[]): string {
  let path = "";
  let before: number | undefined;
  for (const [column, height] of heights.entries()) {
    const y = round(height);
    if (y !== before)
      path += before === undefined ? `M${left} ${y}` : `H${round(left + (column * width) / heights.length)}V${y}`;
    before = y;
  }
  return `${path}H${left + width}`;
}

export function area(left: number, width: number, heights: readonly number[], bottom: number): string {
  return `${steps(left, width, heights)}V${bottom}H${left}Z`;
}

function round(n: number): number {
  return Number(n.toFixed(1));
}

// Turns screens of a terminal into an animated SVG that runs in a page without a script, in the reader's light or dark colours.
// Rows that all screens share are drawn once. The others are a strip with one frame below the other, which moves in steps.
const CELL = { width: 8, height: 17 };
const PAD = 14;
const COLOURS = {
  light: { paper: "#f7f8fa", ink: "#1b222b" },
  dark: { paper: "#0f141a", ink: "#e6edf3" },
};

export interface Film {
  readonly title: string;
  /** What the film shows, for those who cannot see it. */
  readonly about: string;
  readonly columns: number;
  readonly rows: number;
  readonly screens: readonly (readonly string[])[];
  /** How long each screen is shown. */
  readonly frameMs: number;
  /** Index of the screen for readers who want no motion. */
  readonly still: number;
}

export function renderFilm({ title, about, columns, rows, screens, frameMs, still }: Film): string {
  const [width, height] = [columns * CELL.width, rows * CELL.height];
  const all = Array.from({ length: rows }, (_, row) => row);
  const fixed = all.filter((row) => screens.every((screen) => screen[row] === screens[0]?.[row]));
  const moving = all.filter((row) => !fixed.includes(row));
  const lines = (screen: readonly string[], which: readonly number[], top: number): string[] =>
    which.flatMap((row) => line(screen[row] ?? "", top + row * CELL.height));
  const strip = screens.flatMap((screen, frame) => lines(screen, moving, frame * height));
  const colours = ({ paper, ink }: (typeof COLOURS)["light"]): string =>
    `.paper { fill: ${paper} } text { fill: ${ink} }`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 2 * PAD} ${height + 2 * PAD}" role="img">
<title>${escape(title)}</title>
<desc>${escape(about)}</desc>
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
${colours(COLOURS.light)}
@media (prefers-color-scheme: dark) { ${colours(COLOURS.dark)} }
.strip { animation: run ${(screens.length * frameMs) / 1000}s steps(${screens.length}) infinite }
@keyframes run { to { transform: translateY(-${screens.length * height}px) } }
@media (prefers-reduced-motion: reduce) { .strip { animation: none; transform: translateY(-${still * height}px) } }
</style>
<rect class="paper" width="100%" height="100%" rx="6"/>
<svg x="${PAD}" y="${PAD}" width="${width}" height="${height}">
${lines(screens[0] ?? [], fixed, 0).join("\n")}
<g class="strip">
${strip.join("\n")}
</g>
</svg>
</svg>
`;
}

/** `textLength` keeps the columns aligned, whatever font the reader has. */
function line(text: string, top: number): string[] {
  const from = text.length - text.trimStart().length;
  const shown = text.trim();
  if (shown === "") return [];
  const x = from * CELL.width;
  return [`<text x="${x}" y="${top + 13}" textLength="${shown.length * CELL.width}">${escape(shown)}</text>`];
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

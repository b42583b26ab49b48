// Colours of the picture: the dashboard's palette, which colour-blind readers can tell apart, too. Each scheme is written out in
// full, because SVG viewers outside of browsers do not support CSS variables.

const LIGHT = {
  panel: "#ffffff",
  text: "#1b222b",
  muted: "#55616e",
  accept: "#2f58bb",
  block: "#9f8510",
  sample: "#9d4c38",
  drop: "#521f48",
  in: "#0a389e",
  out: "#17a452",
};
const DARK: typeof LIGHT = {
  panel: "#171e26",
  text: "#e6edf3",
  muted: "#9aa7b4",
  accept: "#3a8ad7",
  block: "#fde6a0",
  sample: "#dc6014",
  drop: "#e48bab",
  in: "#6f9be8",
  out: "#68f4c5",
};

function colours(p: typeof LIGHT): string {
  const fills = ["panel", "accept", "block", "sample", "drop"] as const;
  return [
    `text { fill: ${p.text} } .muted { fill: ${p.muted} } .axis, .mark { stroke: ${p.muted} } .fill { fill: ${p.in} }`,
    fills.map((name) => `.${name} { fill: ${p[name]} }`).join(" "),
    `.in { stroke: ${p.in} } .kept { stroke: ${p.text} } .out { stroke: ${p.out} }`,
  ].join("\n");
}

export const STYLE = `
text { font: 12px system-ui, sans-serif } .h { font-weight: 600 } .line { fill: none; stroke-width: 1.5 }
.fill { fill-opacity: .18 } .mark { stroke-dasharray: 6 4 } .kept { stroke-dasharray: 4 3 } .out { stroke-width: 3 }
${colours(LIGHT)}
@media (prefers-color-scheme: dark) {
${colours(DARK)}
}
`;

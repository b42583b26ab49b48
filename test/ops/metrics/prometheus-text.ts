// A small reader of the Prometheus text format, strict enough to find a broken exposition.
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

export function parsePrometheus(text: string): Exposition {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("# HELP ")) continue;
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type !== null) {
      if (types.has(type[1] as string)) throw new Error(`twice: ${line}`);
      types.set(type[1] as string, type[2] as string);
      continue;
    }
    const match = SAMPLE.exec(line);
    if (match === null) throw new Error(`not a sample: ${line}`);
    samples.push({ name: match[1] as string, labels: labelsOf(match[2] ?? "", line), value: Number(match[3]) });
  }
  return { types, samples };
}

function labelsOf(text: string, line: string): Record<string, string> {
  const found = [...text.matchAll(LABEL)];
  if (found.map((match) => match[0]).join("") !== text) throw new Error(`labels: ${line}`);
  return Object.fromEntries(
    found.map((match) => [match[1], (match[2] as string).replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c))]),
  );
}

// Edits the changelog for a release: the unreleased changes get the version and the date, and a new empty section is added.

const UNRELEASED = "## [Unreleased]";

/** Throws if there is nothing to release, or the version exists already. @param date YYYY-MM-DD */
export function releaseChangelog(text: string, version: string, date: string): string {
  const start = text.indexOf(UNRELEASED);
  if (start < 0) throw new Error(`CHANGELOG.md has no ${UNRELEASED}`);
  const dated = new RegExp(`^## \\[${version.replaceAll(".", "\\.")}\\] - \\d`, "m");
  if (dated.test(text)) throw new Error(`CHANGELOG.md has ${version} already`);
  const rest = text.slice(start + UNRELEASED.length);
  const next = rest.search(/^## \[/m);
  const entries = (next < 0 ? rest : rest.slice(0, next)).trim();
  if (!/^- /m.test(entries)) throw new Error("CHANGELOG.md has nothing that is unreleased: what would users notice?");
  const before = text.slice(0, start);
  const after = next < 0 ? "" : rest.slice(next);
  return `${before}${UNRELEASED}\n\n## [${version}] - ${date}\n\n${entries}\n\n${after}`.trimEnd() + "\n";
}

/** The changes of a version, for the release notes. */
export function notesOf(text: string, version: string): string {
  const start = text.indexOf(`## [${version}]`);
  if (start < 0) throw new Error(`CHANGELOG.md has no ${version}`);
  const rest = text.slice(text.indexOf("\n", start) + 1);
  const next = rest.search(/^## \[/m);
  return `${(next < 0 ? rest : rest.slice(0, next)).trim()}\n`;
}

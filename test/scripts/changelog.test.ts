import assert from "node:assert/strict";
import { test } from "node:test";
import { notesOf, releaseChangelog } from "../../scripts/lib/changelog.ts";

const TEXT = "# Changelog\n\n## [Unreleased]\n\n### Added\n- one\n\n## [0.1.0] - 2026-01-01\n\n### Added\n- zero\n";

test("what was unreleased gets version and date, and a heading waits for what comes", () => {
  const text = releaseChangelog(TEXT, "0.2.0", "2026-02-03");
  assert.equal(
    text,
    "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n### Added\n- one\n\n## [0.1.0] - 2026-01-01\n\n### Added\n- zero\n",
  );
  assert.equal(notesOf(text, "0.2.0"), "### Added\n- one\n");
  assert.equal(notesOf(text, "0.1.0"), "### Added\n- zero\n");
});

test("nothing to release, or a version that is there, is refused", () => {
  assert.throws(() => releaseChangelog(TEXT, "0.1.0", "2026-02-03"), /has 0\.1\.0 already/);
  const empty = TEXT.replace("### Added\n- one\n\n", "");
  assert.throws(() => releaseChangelog(empty, "0.2.0", "2026-02-03"), /nothing that is unreleased/);
  assert.throws(() => releaseChangelog("# Changelog\n", "0.2.0", "2026-02-03"), /no ## \[Unreleased\]/);
  assert.throws(() => notesOf(TEXT, "0.3.0"), /no 0\.3\.0/);
});

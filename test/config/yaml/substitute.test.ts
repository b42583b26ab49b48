import assert from "node:assert/strict";
import { test } from "node:test";
import { Substitution } from "../../../src/config/yaml/substitute.ts";
import type { Scalar } from "../../../src/config/yaml/tree.ts";

function apply(
  value: Scalar["value"],
  env: Record<string, string> = {},
): { scalar: Scalar; codes: string[]; help: string } {
  const substitution = new Substitution(env);
  const source = { name: "x", text: String(value) };
  const scalar = substitution.apply({ kind: "scalar", at: { source, from: 0, to: 1 }, value, raw: undefined });
  return { scalar, codes: substitution.faults.map(({ code }) => code), help: substitution.faults[0]?.help ?? "" };
}

test("values without ${ are the same object", () => {
  for (const value of ["a$b", "$A", 7, true, null]) assert.equal(apply(value).scalar.raw, undefined);
});

test("defaults as in the shell: unset or empty", () => {
  assert.equal(apply("${A:-x}").scalar.value, "x");
  assert.equal(apply("${A:-x}", { A: "" }).scalar.value, "x");
  assert.equal(apply("${A:-}").scalar.value, "");
  assert.equal(apply("${A:-x:-y}").scalar.value, "x:-y");
  assert.equal(apply("${A}", { A: "" }).scalar.value, "");
});

test("what a variable holds is not substituted again", () => {
  assert.equal(apply("${A}", { A: "${B}", B: "x" }).scalar.value, "${B}");
});

test("a fault keeps the text, and every part of a scalar is looked at", () => {
  const { scalar, codes } = apply("${A}-${B}-${C}", { B: "b" });
  assert.equal(scalar.value, "${A}-${B}-${C}");
  assert.deepEqual(codes, ["unset-variable", "unset-variable"]);
});

test("what cannot be read is refused", () => {
  for (const text of [
    "${}",
    "${A B}",
    "${A",
    "${1A}",
    "${A-x}",
    "${secret:x}",
    "${credential:../x}",
    "${credential:.x}",
  ]) {
    assert.deepEqual(apply(text, { CREDENTIALS_DIRECTORY: "/nonexistent" }).codes, ["bad-substitution"], text);
  }
});

test("a variable that is set and near is named, by its letters or by its words", () => {
  assert.match(apply("${ES_KYE}", { ES_KEY: "s3cret" }).help, /`ES_KEY` is set$/);
  const { help } = apply("${ES_KEY}", { ES_API_KEY: "s3cret" });
  assert.match(help, /`ES_API_KEY` is set$/);
  assert.doesNotMatch(help, /s3cret/);
});

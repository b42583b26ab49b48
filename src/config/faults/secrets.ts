// Hides secrets in texts for people. A secret is any value from a file, a credential, or a variable named like a secret.

export const HIDDEN = "***";

export function hideSecrets(text: string, secrets: ReadonlySet<string>): string {
  // Longest first: otherwise, if one secret is a prefix of another, the rest of the longer one would remain visible.
  const sorted = [...secrets].toSorted((a, b) => b.length - a.length);
  return sorted.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
}

// The result of one attempt to notify. `perhaps`: the receiver got the notification, but did not confirm it in time.

export interface Outcome {
  readonly arrived: "yes" | "no" | "perhaps";
  /** Follows a colon: `answered 200`, `exit code 3`. */
  readonly says: string;
  /** The end of a program's output, unchanged; it may contain secrets. */
  readonly printed?: string;
}

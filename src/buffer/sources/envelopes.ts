// An LRU cache of envelopes. Equal facts give the same object, so that chunks share it and its serialised bytes. The cache is
// bounded because every file has an envelope of its own, and those of quiet files must not stay.
import type { Envelope } from "../../core/chunk.ts";
import type { BufferState } from "../state.ts";

type Facts = Omit<Envelope, "id">;

function factsKey({ input, path, host, fields, index, policy }: Facts): string {
  return JSON.stringify([input, path, host, fields, index, policy]);
}

/** Envelopes that the cache holds. */
const MOST = 2000;

/** A new envelope becomes durable with the first row that refers to it. */
export function envelopeOf(state: BufferState, facts: Facts): Envelope {
  const key = factsKey(facts);
  return keep(state, key, state.envelopes.get(key) ?? { id: state.nextEnvelope++, ...facts });
}

/** Adds an envelope that came from the database. @returns the object to use for its id */
export function remember(state: BufferState, envelope: Envelope): Envelope {
  const key = factsKey(envelope);
  const known = state.envelopes.get(key);
  return keep(state, key, known?.id === envelope.id ? known : envelope);
}

function keep({ envelopes }: BufferState, key: string, envelope: Envelope): Envelope {
  envelopes.delete(key);
  envelopes.set(key, envelope);
  if (envelopes.size > MOST) envelopes.delete(envelopes.keys().next().value as string);
  return envelope;
}

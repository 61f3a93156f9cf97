/** One hash of the whole state. */
import { type Hex, toHex } from '@holdfast/units';
import { sha256 } from '@noble/hashes/sha2.js';
import { snapshot } from './snapshot.ts';
import type { State } from './types.ts';

/** sha256 of the canonical bytes: equal exactly if the states behave equally from here on. */
export function stateHash(state: State): Hex {
  return toHex(sha256(snapshot(state)));
}

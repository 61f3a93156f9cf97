/** Makes the development keys that tests of the proofs share, before they are timed. */
import { keysOf } from '../tests/e2e/harness/proof-keys.ts';

console.log(`circuits: keys in ${await keysOf(4)}`);

import { useKeccak256 } from '@holdfast/units';
import { createKeccak } from 'hash-wasm';

/** Has this thread hash in WebAssembly, some ten times faster than in JavaScript. */
export async function hashFast(): Promise<void> {
  const hasher = await createKeccak(256);
  useKeccak256((data) => hasher.init().update(data).digest('binary'));
}

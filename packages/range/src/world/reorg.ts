/** Blocks that a reorganisation takes back: what happened in them did not happen. */
import type { World } from './world.ts';

/** Runs `act`, then returns to the block before it; the timeline keeps what was told. */
export async function orphaned<T>(world: World, act: () => Promise<T>): Promise<T> {
  const { rpc, memory } = world;
  const id = await rpc('evm_snapshot');
  const before = structuredClone(memory);
  const answer = await act();
  const { timeline, samples, refused } = world.memory;
  await rpc('anvil_dropAllTransactions');
  await rpc('evm_revert', [id]);
  world.memory = { ...before, timeline, samples, refused };
  world.note('step', 'chain', 'takes the last blocks back');
  return answer;
}

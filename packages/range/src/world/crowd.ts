/** Many people at once. */
import type { Hex } from '@holdfast/units';
import type { Ground } from './ground.ts';

/** Accounts that one transaction opens. */
const perBlock = 40;

/** Opens accounts with so many whole tokens, some dozens in a block; they are honest. */
export async function crowd(
  world: Ground,
  people: readonly { readonly name: string; readonly deposit: number }[],
): Promise<void> {
  const { clearingHouse, vault, token } = world.venue.contracts;
  const types = ['address', 'address', 'address', 'address[]', 'uint256[]'];
  for (let at = 0; at < people.length; at += perBlock) {
    const part = people.slice(at, at + perBlock);
    const first = Number(await world.read('clearingHouse', 'accountsCount'));
    const owners = part.map(({ name }) => world.key(name).address as Hex);
    const amounts = part.map(({ deposit }) => world.tokens(deposit));
    const args = [clearingHouse, vault, token, owners, amounts];
    await world.deploy('deployer', 'Crowd.sol', 'Crowd', types, args);
    for (const [i, { name }] of part.entries()) {
      const address = owners[i] as Hex;
      world.memory.people.set(name, { name, address, account: first + i, isAttacker: false });
    }
  }
}

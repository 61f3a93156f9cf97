/** A request that nobody can execute stands in front of everybody else's way out. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const dead = 'ETH-USD';
const alive = 'BTC-USD';
const fee = 10n ** 14n;

/** Second at which Bob has his money; the end of the run when he has not. */
async function outTime(world: World): Promise<bigint> {
  const step = world.memory.timeline.find(({ who, what }) => who === 'bob' && what === 'is out');
  return BigInt(step?.second ?? world.memory.time - world.origin.second);
}

const execute = (world: World, number: bigint) =>
  world.call('keeper', 'clearingHouse', 'executeForced', [number, 0, 0, '0x'], {
    what: `executes request ${number}`,
  });

/** Bob's request cannot be reached; what is left is the freeze, the reckoning and his share. */
async function leaveByFreeze(world: World, graceSeconds: number): Promise<void> {
  await world.wait(graceSeconds);
  const { ok } = await world.call('bob', 'clearingHouse', 'freeze');
  if (!ok) await world.wait(3_600);
  await world.call('bob', 'clearingHouse', 'reckon', [1_000n]);
  const { account, address } = world.person('bob');
  const left = await world.call('bob', 'clearingHouse', 'exit', [account, address]);
  if (left.ok) world.note('step', 'bob', 'is out');
}

const setAside = (world: World, number: bigint) =>
  world.call('keeper', 'clearingHouse', 'setAsideForced', [number, '0x'], {
    what: `sets request ${number} aside`,
  });

export const blockedQueue: Attack = {
  kind: 'attack',
  name: 'blocked-queue',
  title: 'A request that nobody can execute',
  story:
    'The sequencer is silent, and one market has no price any more. The attacker, with a single ' +
    'lot in it, asks for a forced close: nobody can execute that without a price, and Bob’s ' +
    'withdrawal stands behind it. Anybody sets it aside, and Bob has his turn; without that only ' +
    'the freeze is left. Measured is how much longer Bob waits for his money.',
  incidents: ['escape hatches rot: Extended, Paradex, Aztec V1'],
  control:
    'what waits for a price alone steps out of the line, and those behind it have their turn',
  invariants: ['I16'],
  bound: 30n,
  harm: { unit: 'seconds', measure: outTime },
  async before(world) {
    await world.user('alice', 100_000);
    await world.user('bob', 20_000);
    await world.attacker('mallory', 1_000);
    await world.price({ [dead]: 3_000, [alive]: 60_000 });
    await world.trade('mallory', 'alice', { market: dead, size: '0.01', price: 3_000 });
  },
  async run(world) {
    const [deadline, grace] = (await world.readMany([
      { contract: 'forcedQueue', functionName: 'deadlineSeconds' },
      { contract: 'forcedQueue', functionName: 'graceSeconds' },
    ])) as [number, number];
    await world.attack('asks for what nobody can execute', () => {
      const args = [world.person('mallory').account, world.market(dead).id, true, 1n, 1];
      return world.call('mallory', 'forcedQueue', 'requestClose', args, { value: fee });
    });
    const { account, address } = world.person('bob');
    const ask = [account, 2n ** 88n - 1n, address, 7n];
    await world.call('bob', 'forcedQueue', 'requestWithdraw', ask, { value: fee });
    await world.wait(deadline + 2);
    await world.price({ [alive]: 60_000 });
    const passed = await world.attack('nobody can execute it', async () => {
      await execute(world, 1n);
      return (await setAside(world, 1n)).ok;
    });
    if (passed === false) return leaveByFreeze(world, grace);
    await execute(world, passed === undefined ? 1n : 2n);
    world.note('step', 'bob', 'is out');
  },
  ablations: [
    {
      kind: 'source',
      name: 'what waits for a price is set aside',
      contracts: ['ForcedModule'],
      edits: [
        {
          file: 'src/modules/ForcedModule.sol',
          from: 'if (age <= required) revert PriceAwaited',
          to: 'if (age <= type(uint256).max) revert PriceAwaited',
        },
      ],
    },
  ],
};

/** One claim, every way out that there is, and a reorganisation in between. */
import { vaultAbi } from '@holdfast/abi';
import { parseEventLogs } from 'viem';
import type { Attack } from '../types.ts';
import { orphaned } from '../world/reorg.ts';
import { signedWithdrawal } from '../world/withdrawals.ts';
import type { World } from '../world/world.ts';

const fee = 10n ** 14n;

/** The freeze that anybody may call once a forced request is overdue, and the reckoning. */
async function freeze(world: World): Promise<void> {
  const { account, address } = world.person('alice');
  const ask = [account, world.tokens(1_000), address, 900n];
  await world.call('alice', 'forcedQueue', 'requestWithdraw', ask, { value: fee });
  await world.wait(900 + 21_600 + 2);
  await world.call('alice', 'clearingHouse', 'freeze');
  await world.call('alice', 'clearingHouse', 'reckon', [10_000n]);
}

/** Half of it is on its way out already when the venue freezes: a large one waits in the vault. */
async function queue(world: World): Promise<bigint> {
  const { logs } = await world.withdraw('mallory', 150_000);
  const [queued] = parseEventLogs({ abi: vaultAbi, logs: logs as never, eventName: 'Queued' });
  return queued?.args.id ?? 0n;
}

/** Everything that might pay once more. */
async function claimAgain(world: World, queuedId: bigint): Promise<void> {
  const { account, address } = world.person('mallory');
  const amount = world.tokens(50_000);
  const exit = () =>
    world.call('mallory', 'clearingHouse', 'exit', [account, address], { what: 'exits' });
  await orphaned(world, exit);
  for (let i = 0; i < 3; i++) await exit();
  await world.withdraw('mallory', 50_000);
  const { message, signature } = await signedWithdrawal(world, 'mallory', { amount });
  await world.call('mallory', 'clearingHouse', 'withdrawSigned', [
    message,
    signature,
    account,
    '0x',
  ]);
  await world.call('mallory', 'forcedQueue', 'requestWithdraw', [account, amount, address, 2n], {
    value: fee,
  });
  await world.call('mallory', 'clearingHouse', 'executeForced', [1n, account, 0, '0x']);
  await world.call('mallory', 'vault', 'release', [10n]);
  const reclaim = () => world.call('mallory', 'clearingHouse', 'reclaim', [queuedId]);
  for (let i = 0; i < 2; i++) await reclaim();
  await world.call('mallory', 'vault', 'release', [10n]);
}

export const doubleExit: Attack = {
  kind: 'attack',
  name: 'double-exit',
  title: 'The same exit twice',
  story:
    'The sequencer is silent for so long that anybody may freeze the venue, and everybody leaves ' +
    'with its share. Half of the attacker’s is in the vault’s queue by then. It leaves, a ' +
    'reorganisation takes that back, it leaves again, and ' +
    'again, and by every other way: withdrawal, signed withdrawal, forced request, the queue.',
  incidents: ['Aztec V1: the way out was drained itself'],
  control: 'an exit empties the account before it pays',
  invariants: ['I1', 'I6', 'I16'],
  bound: 0n,
  profitMin: 100_000_000_000n,
  async before(world) {
    await world.user('alice', 300_000);
    await world.user('bob', 300_000);
    await world.attacker('mallory', 300_000);
    await world.price({ 'BTC-USD': 60_000 });
  },
  async run(world) {
    const queued = await world.attack('is on its way out', () => queue(world));
    await freeze(world);
    await world.attack('leaves as often as it can', () => claimAgain(world, queued ?? 0n));
    const { account, address } = world.person('bob');
    await world.call('bob', 'clearingHouse', 'exit', [account, address], { what: 'exits' });
  },
  ablations: [
    {
      kind: 'source',
      name: 'an exit empties the account',
      contracts: ['ExitModule'],
      edits: [
        {
          file: 'src/modules/ExitModule.sol',
          from: '        _clear(id);\n        emit Exited',
          to: '        emit Exited',
        },
      ],
    },
  ],
};

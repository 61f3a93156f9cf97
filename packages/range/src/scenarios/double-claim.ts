/** One claim by the relayed and by the forced path, and a reorganisation in between. */
import type { Attack } from '../types.ts';
import { orphaned } from '../world/reorg.ts';
import { signedWithdrawal } from '../world/withdrawals.ts';
import type { World } from '../world/world.ts';

const fee = 10n ** 14n;

/** Alice's one claim by the relayed path, then by the forced one, whatever was taken back. */
async function relayTwice(world: World): Promise<void> {
  const { account } = world.person('mallory');
  const wish = { amount: world.tokens(10_000), fee: world.tokens(1_000), nonce: 5n };
  const { message, signature } = await signedWithdrawal(world, 'alice', wish);
  const relay = () =>
    world.call('mallory', 'clearingHouse', 'withdrawSigned', [message, signature, account, '0x'], {
      what: 'relays the withdrawal of alice',
    });
  const forced = () =>
    world.call('keeper', 'clearingHouse', 'executeForced', [1n, 0, 0, '0x'], {
      what: 'executes the forced request of alice',
    });
  await world.wait(902);
  // Here the forced path came first, there the relayed one: only one of both is history.
  await orphaned(world, async () => {
    await relay();
    await forced();
  });
  await forced();
  await relay();
  await relay();
}

export const doubleClaim: Attack = {
  kind: 'attack',
  name: 'double-claim',
  title: 'One claim by two paths',
  story:
    'Alice asked for a withdrawal in the forced queue, and before that signed the same one, with ' +
    'a fee, for a relayer who did nothing. Now the relayer brings it too, twice, around a ' +
    'reorganisation that swaps the order of both.',
  incidents: [],
  control: 'all paths use up the same one-time number',
  invariants: ['I5', 'I6'],
  bound: 0n,
  profitMin: 900_000_000n,
  async before(world) {
    await world.user('alice', 100_000);
    await world.attacker('mallory', 10_000);
  },
  async run(world) {
    const { account, address } = world.person('alice');
    const ask = [account, world.tokens(10_000), address, 5n];
    await world.call('alice', 'forcedQueue', 'requestWithdraw', ask, { value: fee });
    await world.attack('relays what the queue pays already', () => relayTwice(world));
    if (world.mode !== 'control') return;
    await world.wait(902);
    await world.call('keeper', 'clearingHouse', 'executeForced', [1n, 0, 0, '0x']);
  },
  ablations: [
    {
      kind: 'source',
      name: 'the relayed path uses up the number',
      contracts: ['CustodyModule'],
      edits: [
        {
          file: 'src/modules/CustodyModule.sol',
          from: '_useNonce(w.account, w.nonce);',
          to: '',
        },
      ],
    },
  ],
};

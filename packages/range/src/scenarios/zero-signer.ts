/** A signature that recovers nobody, for an account that nobody owns. */
import type { SignedOrder } from '@holdfast/order';
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';
/** Accounts without an owner: insurance, fees, and the fund of the market. */
const ownerless = [
  ['insurance', 0],
  ['fees', 1],
  ['the fund of the market', 2 ** 32 - 256],
] as const;

/** What r and vs may be when nobody signed; `mine` is a good signature by somebody else. */
function forgeries(mine: Uint8Array): Record<string, Uint8Array> {
  const flipped = Uint8Array.from(mine);
  flipped[32] = (flipped[32] ?? 0) ^ 0x80;
  const high = Uint8Array.from(mine).fill(0xff, 33);
  high[32] = 0x7f;
  const beyond = Uint8Array.from(mine).fill(0xff, 0, 32);
  return {
    'r and s of zero': new Uint8Array(64),
    's of zero': Uint8Array.from(mine).fill(0, 32),
    'the other v': flipped,
    'an s above half the order': high,
    'an r beyond the curve': beyond,
  };
}

/** The account sells to the attacker at the lowest price of the band, in a forged order. */
async function forge(world: World, who: string, account: number): Promise<void> {
  const wish = { market, size: 2, price: 57_000 } as const;
  const own = await world.order('mallory', { ...wish, side: 'sell', fields: { epoch: 0 } });
  for (const [how, signature] of Object.entries(forgeries(own.signature as Uint8Array))) {
    const maker = { ...own, account, signature } as unknown as SignedOrder;
    const taker = await world.order('mallory', { ...wish, side: 'buy' });
    const what = `settles an order of ${who} with ${how}`;
    const { ok } = await world.settle([{ maker, taker }], { what });
    if (ok) return;
  }
}

export const zeroSigner: Attack = {
  kind: 'attack',
  name: 'zero-signer',
  title: 'A signature that recovers nobody',
  story:
    'The recovery of a malformed signature gives address zero, and so does the owner of an ' +
    'account that has none. The attacker, with the sequencer in hand, lets the insurance fund, ' +
    'the fees and Alice sell to it below the price, with signatures of zeros, another v, a high s.',
  incidents: ['ecrecover(0) == admin(0) 2026-05'],
  control: 'an account without an owner signs nothing, and a failed recovery is nobody',
  invariants: ['I5'],
  bound: 0n,
  profitMin: 5_000_000_000n,
  async before(world) {
    await world.user('alice', 100_000);
    await world.attacker('mallory', 400_000);
    const { token, vault } = world.venue.contracts;
    await world.mint('deployer', 50_000);
    await world.call('deployer', 'token', 'approve', [vault, world.tokens(50_000)]);
    await world.call('deployer', 'clearingHouse', 'deposit', [token, 1, world.tokens(50_000)]);
  },
  async run(world) {
    await world.price({ [market]: 60_000 });
    await world.attack('signs for accounts that nobody owns, and for alice', async () => {
      for (const [who, account] of ownerless) await forge(world, who, account);
      await forge(world, 'alice', world.person('alice').account);
    });
    await world.withdraw('alice', 1_000);
  },
  ablations: [
    {
      kind: 'source',
      name: 'an account without an owner signs nothing',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/Roster.sol',
          from: 'if (owner == address(0)) revert AccountUnknown(uint32(id), _accountsCount);',
          to: '',
        },
      ],
    },
  ],
};

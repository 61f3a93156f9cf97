/** Whoever signs one thing has signed nothing else: each field alone, of orders and withdrawals. */
import type { SignedOrder } from '@holdfast/order';
import { type Hex, toHex } from '@holdfast/units';
import type { Attack } from '../types.ts';
import { signedWithdrawal } from '../world/withdrawals.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';

/** Every field of an order with another value than was signed. */
const changes = (order: SignedOrder, world: World): Record<string, object> => ({
  price: { price: world.ticks(market, 60_000) },
  account: { account: world.person('bob').account },
  market: { market: world.market('ETH-USD').id, price: world.ticks('ETH-USD', 3_000) },
  isBuy: { isBuy: !order.isBuy },
  size: { size: order.size * 10 },
  timeInForce: { timeInForce: 1 },
  reduceOnly: { reduceOnly: true },
  postOnly: { postOnly: true },
  expiry: { expiry: order.expiry + 86_400 },
  lane: { lane: order.lane + 1 },
  seq: { seq: order.seq + 1 },
});

async function mutateOrders(world: World, signed: SignedOrder): Promise<void> {
  for (const [field, change] of Object.entries(changes(signed, world))) {
    const maker = { ...signed, ...change } as SignedOrder;
    const side = maker.isBuy ? ('sell' as const) : ('buy' as const);
    const symbol = field === 'market' ? 'ETH-USD' : market;
    const price = field === 'market' ? 3_000 : field === 'price' ? 60_000 : 62_000;
    const taker = await world.order('mallory', { market: symbol, side, size: 1, price });
    const what = `settles an order with another ${field}`;
    await world.settle([{ maker, taker, lots: taker.size }], { what });
  }
}

async function mutateWithdrawals(world: World): Promise<void> {
  const { message, signature } = await signedWithdrawal(world, 'alice', {
    amount: world.tokens(1_000),
  });
  const { account, address } = world.person('mallory');
  const other: Record<string, unknown> = {
    account: world.person('bob').account,
    amount: world.tokens(50_000),
    to: address,
    nonce: 2n,
    expiry: message.expiry + 1,
    fee: world.tokens(100),
  };
  // The recipient first: of what shares a nonce only the first can ever count.
  for (const field of ['to', 'account', 'amount', 'nonce', 'expiry', 'fee'] as const) {
    const changed = { ...message, [field]: other[field] };
    const args = [changed, signature as Hex, account, toHex(new Uint8Array())];
    const what = `relays a withdrawal with another ${field}`;
    await world.call('mallory', 'clearingHouse', 'withdrawSigned', args, { what });
  }
}

const verify = 'if (!SignatureChecker.isValidSignatureNow(owner, _digest(w), signature)) {';

export const fieldMutation: Attack = {
  kind: 'attack',
  name: 'field-mutation',
  title: 'One field changed after the signature',
  story:
    'Alice signed an order to sell at 62,000 and a withdrawal to herself. The attacker, with the ' +
    'sequencer in hand, changes one field at a time and uses what is left of the signature.',
  incidents: ['Giddy 2026-04, $1.3M: the signature covered a part of the fields'],
  control: 'EIP-712 digests over every effective field',
  invariants: ['I5'],
  bound: 0n,
  profitMin: 1_000_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.user('bob', 400_000);
    await world.attacker('mallory', 400_000);
    await world.price({ [market]: 63_000, 'ETH-USD': 3_000 });
  },
  async run(world) {
    const wish = { market, side: 'sell', size: 1, price: 62_000 } as const;
    const signed = await world.order('alice', wish);
    await world.price({ [market]: 63_000, 'ETH-USD': 3_000 });
    await world.attack('changes the order of alice', () => mutateOrders(world, signed));
    await world.attack('changes the withdrawal of alice', () => mutateWithdrawals(world));
  },
  ablations: [
    {
      kind: 'source',
      name: 'the signature of an order is checked',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/Settlement.sol',
          from: 'if (signer == lane.owner()) return lane;',
          to: 'return lane;',
        },
      ],
    },
    {
      kind: 'source',
      name: 'the signature of a withdrawal is checked',
      contracts: ['CustodyModule'],
      edits: [{ file: 'src/modules/CustodyModule.sol', from: verify, to: 'if (false) {' }],
    },
  ],
};

/** Wallets that are contracts: who is asked whether it signed, and what it may do meanwhile. */
import type { SignedOrder } from '@holdfast/order';
import { fromHex, type Hex } from '@holdfast/units';
import { encodeAbiParameters } from 'viem';
import type { Attack } from '../types.ts';
import { signedWithdrawal } from '../world/withdrawals.ts';
import type { World } from '../world/world.ts';

const market = 'BTC-USD';
const file = 'Wallets.sol';

/** An order in somebody's name, signed by a wallet that the signature itself names. */
async function orderBy(world: World, who: string, wallet: Hex): Promise<void> {
  const wish = { market, size: 1, price: 57_000 } as const;
  const own = await world.order('mallory', { ...wish, side: 'sell', fields: { epoch: 0 } });
  const signature = { bytes: fromHex(`${wallet}${'00'.repeat(65)}`) };
  const { account } = world.person(who);
  const maker = { ...own, account, signature } as unknown as SignedOrder;
  const taker = await world.order('mallory', { ...wish, side: 'buy' });
  await world.settle([{ maker, taker }], {
    what: `settles an order of ${who} by a foreign wallet`,
  });
}

const relay = (world: World, message: object, signature: Hex, what: string) => {
  const args = [message, signature, world.person('mallory').account, '0x'];
  return world.call('mallory', 'clearingHouse', 'withdrawSigned', args, { what });
};

/** An account of a wallet, with some of the attacker's tokens in it. */
async function accountOf(world: World, name: string, wallet: Hex): Promise<number> {
  world.hostile(name, wallet);
  const id = Number(await world.read('clearingHouse', 'accountsCount'));
  await world.call('mallory', 'clearingHouse', 'openAccount', [wallet]);
  const { token } = world.venue.contracts;
  await world.call('mallory', 'clearingHouse', 'deposit', [token, id, world.tokens(100)]);
  return id;
}

async function attack(world: World): Promise<void> {
  const { vault } = world.venue.contracts;
  const wallet = await world.deploy('mallory', file, 'YesWallet');
  for (const who of ['alice', 'bob']) {
    await orderBy(world, who, wallet);
    const { message } = await signedWithdrawal(world, who, { amount: world.tokens(5_000) });
    const to = world.person('mallory').address;
    const bytes: Hex = `${wallet}${'00'.repeat(65)}`;
    await relay(world, { ...message, to }, bytes, `withdraws of ${who} by a foreign wallet`);
  }
  await world.call('mallory', 'token', 'approve', [vault, world.tokens(1_000)]);
  const id = await accountOf(world, 'wallet', wallet);
  const pay = world.encode('vault', 'pay', [
    world.person('mallory').address,
    world.tokens(100_000),
    id,
    0n,
  ]);
  const types = [{ type: 'address' }, { type: 'bytes' }] as const;
  const prelude = encodeAbiParameters(types, [vault, pay]);
  const wish = { account: id, amount: world.tokens(50) };
  const { message } = await signedWithdrawal(world, 'mallory', wish);
  await relay(world, message, prelude, 'withdraws its own with a call inside the signature');
  const args = [vault, pay] as const;
  const busy = await world.deploy('mallory', file, 'BusyWallet', ['address', 'bytes'], args);
  const second = await accountOf(world, 'busy wallet', busy);
  const errand = await signedWithdrawal(world, 'mallory', { ...wish, account: second });
  await relay(world, errand.message, '0x', 'withdraws by a wallet that acts while it is asked');
}

export const foreignWallet: Attack = {
  kind: 'attack',
  name: 'foreign-wallet',
  title: 'Wallets that say yes',
  story:
    'A wallet of the attacker says yes to everything. It signs in the names of Alice and of Bob, ' +
    'whose address has code (EIP-7702); a signature for its own account carries a call ' +
    '(ERC-6492), and another wallet acts while it is asked.',
  incidents: ['ODOS 2025-01: ERC-6492 verification with side effects'],
  control: 'the owner is asked and nobody else, by a static call, and nothing is called before',
  invariants: ['I5'],
  bound: 0n,
  profitMin: 2_500_000_000n,
  async before(world) {
    await world.user('alice', 100_000);
    await world.user('bob', 100_000);
    await world.attacker('mallory', 100_000);
    await world.mint('mallory', 1_000);
    const code = await world.deploy('bob', file, 'OwnKeyWallet');
    await world.rpc('anvil_setCode', [world.person('bob').address, `0xef0100${code.slice(2)}`]);
  },
  async run(world) {
    await world.price({ [market]: 60_000 });
    await world.attack('lets wallets say yes', () => attack(world));
    await world.withdraw('bob', 1_000);
    await world.trade('bob', 'alice', { market, size: 1, price: 60_000 });
  },
  ablations: [
    {
      kind: 'source',
      name: 'the owner is asked, not whom the signature names',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/Settlement.sol',
          from: 'NowCalldata(owner, digest, part)',
          to: 'NowCalldata(address(bytes20(part[:20])), digest, part)',
        },
      ],
    },
    {
      kind: 'source',
      name: 'verification calls nothing first',
      contracts: ['CustodyModule'],
      edits: [
        {
          file: 'src/modules/CustodyModule.sol',
          from: 'if (!SignatureChecker.isValidSignatureNow(owner, _digest(w), signature)) {',
          to: `if (signature.length > 96) {
                (address target, bytes memory data) = abi.decode(signature, (address, bytes));
                (bool done,) = target.call(data);
                done;
            }
            if (!SignatureChecker.isValidSignatureNow(owner, _digest(w), signature)) {`,
        },
      ],
    },
  ],
};

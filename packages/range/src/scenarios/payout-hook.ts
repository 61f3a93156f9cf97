/** The collateral calls whoever is paid, and whoever is paid calls the venue again. */
import { type Hex, invariant } from '@holdfast/units';
import type { Attack, Edit } from '../types.ts';
import { type Errand, openPayee, turnToken } from '../world/payee.ts';
import type { World } from '../world/world.ts';

const file = 'src/modules/CustodyModule.sol';
const zero: Hex = `0x${'00'.repeat(32)}`;

/** A withdrawal that pays before it debits: what a re-entrancy needs. */
export const paysFirst: Edit = {
  file,
  from: `        AccountWord word = _debit(book, venue, id, quote);
        _storeMarkets(book);
        emit Withdrawn(id, to, quote, int128(word.cash()));
        return VAULT.pay(to, amount, id, _uncovered());`,
  to: `        venue;
        AccountWord word = _get(id);
        (paid, queuedId) = VAULT.pay(to, amount, id, _uncovered());
        word = word.withCash(word.cash() - int256(quote << Q32_BITS));
        _put(id, word);
        _storeMarkets(book);
        emit Withdrawn(id, to, quote, int128(word.cash()));`,
};
const unlocked: Edit = {
  file,
  from: '        external\n        nonReentrant\n    {\n        _onlyOwner(from);',
  to: '        external\n    {\n        _onlyOwner(from);',
};

/** Every entry that changes something, with arguments that are lawful outside of the hook. */
function everyEntry(world: World, own: number, second: number, me: Hex): Errand[] {
  const { clearingHouse, vault, token } = world.venue.contracts;
  const batch = { number: 1n, previous: zero, receipts: zero, report: '0x', orders: '0x' };
  const withdrawal = {
    account: own,
    amount: 10n,
    to: me,
    nonce: 1n,
    expiry: 2_000_000_000,
    fee: 0n,
  };
  const scope = { markets: 1n, orderLotsMax: 1, reduceOnly: false };
  const house = (name: string, ...args: unknown[]): Errand => [
    clearingHouse,
    world.encode('clearingHouse', name, args),
  ];
  const pool = (name: string, ...args: unknown[]): Errand => [
    world.addressOf('backstop'),
    world.encode('backstop', name, args),
  ];
  return [
    house('deposit', token, own, 10n),
    house('withdraw', own, 10n, me, '0x'),
    house('withdrawSigned', withdrawal, '0x', own, '0x'),
    house('transfer', own, second, world.tokens(90_000), '0x'),
    house('reclaim', 1n),
    house('cover', own),
    house('openAccount', me),
    house('setSession', own, me, 2_000_000_000, scope),
    house('setLeverage', own, 100_000, '0x'),
    house('cancelLane', own, 1, 1),
    house('cancelAll', own),
    house('liquidate', 2, 0, 1, own, '0x'),
    house('flag', 2, '0x'),
    house('unwind', 2, 0, 1, own, '0x'),
    house('executeForced', 1n, own, 1n, '0x'),
    house('push', '0x'),
    house('settle', { ...batch, fills: '0x', signatures: '0x' }),
    house('freeze'),
    house('withdrawable', own),
    pool('deposit', 0, world.tokens(10)),
    pool('withdraw', 0),
    pool('openPool', 1),
    [vault, world.encode('vault', 'release', [1n])],
    [vault, world.encode('vault', 'pay', [me, 10n, own, 0n])],
  ];
}

async function attack(world: World): Promise<void> {
  const { clearingHouse, token, vault } = world.venue.contracts;
  const payee = await openPayee(world, 'mallory');
  const first = Number(await world.read('clearingHouse', 'accountsCount'));
  for (let i = 0; i < 2; i++) {
    await world.call('mallory', 'clearingHouse', 'openAccount', [payee.address]);
  }
  const amount = world.tokens(95_000);
  await world.call('mallory', 'token', 'approve', [vault, amount]);
  await world.call('mallory', 'clearingHouse', 'deposit', [token, first, amount]);
  await turnToken(world, 4n, 'makes the token call whoever is paid');
  const leave = (tokens: number): Errand => [
    clearingHouse,
    world.encode('clearingHouse', 'withdraw', [first, world.tokens(tokens), payee.address, '0x']),
  ];
  await payee.plan(everyEntry(world, first, first + 1, payee.address));
  const { ok } = await payee.act('is paid, and calls every entry', leave(1_000));
  invariant(ok && (await payee.entered()) === 0n, 'some entry was open while money went out');

  const open = world.isOff('lock');
  await world.breach(['CustodyModule'], open ? [paysFirst, unlocked] : [paysFirst]);
  const all = [first, first + 1, world.tokens(90_000), '0x'];
  await payee.plan([[clearingHouse, world.encode('clearingHouse', 'transfer', all)]]);
  await payee.act('is paid, and moves what it was paid', leave(90_000));
}

export const payoutHook: Attack = {
  kind: 'attack',
  name: 'payout-hook',
  title: 'Calling back while being paid',
  story:
    'The collateral calls whoever receives it. The attacker’s contract is paid and calls every ' +
    'entry of the venue from within. Then the module of withdrawals gets a fault, it pays before ' +
    'it debits, and the contract moves its money to another account in between.',
  incidents: ['GMX V1 2025-07, $42M: a payout hook re-entered another contract', 'Kame 2025-09'],
  control: 'one lock for every entry of the clearing house, whichever module it is',
  invariants: ['I1', 'I3'],
  terms: { collateral: { file: 'HostileToken.sol', name: 'HostileToken' } },
  bound: 0n,
  profitMin: 80_000_000_000n,
  isBreach: true,
  async before(world) {
    await world.user('alice', 400_000);
    await world.attacker('mallory', 1_000);
    await world.mint('mallory', 95_000);
    await world.mint('alice', 1_000);
  },
  async run(world) {
    await world.deposit('alice', 1_000);
    await world.attack('is paid and calls back', () => attack(world));
  },
  ablations: [{ kind: 'switch', name: 'every entry holds the lock', off: 'lock' }],
};

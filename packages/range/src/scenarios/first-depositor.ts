/** An empty pool, a donation, and who comes next. */
import type { Attack } from '../types.ts';
import { rangeMarkets } from '../world/stack.ts';
import type { World } from '../world/world.ts';

/** DOGE-USD stands alone, and its pool is empty. */
const lonely = 3;
const pool = 1 + lonely;
const victimTokens = 100_000;
const donatedTokens = 70_000;
const markets = rangeMarkets().map((each) =>
  each.id === lonely ? { ...each, isolated: 1 } : each,
);

async function join(world: World, who: string, amount: bigint): Promise<boolean> {
  const backstop = world.addressOf('backstop');
  await world.call(who, 'token', 'approve', [backstop, amount], { what: 'approves the backstop' });
  const what = `joins the pool with ${amount}`;
  const { ok } = await world.call(who, 'backstop', 'deposit', [pool, amount], { what });
  return ok;
}

async function ask(world: World, who: string): Promise<void> {
  const { address } = world.person(who);
  const [shares] = (await world.read('backstop', 'holdingOf', pool, address)) as [bigint];
  const args = [pool, shares];
  await world.call(who, 'backstop', 'requestWithdrawal', args, { what: 'asks for its shares' });
}

const leave = (world: World, who: string) =>
  world.call(who, 'backstop', 'withdraw', [pool], { what: 'leaves the pool' });

export const firstDepositor: Attack = {
  kind: 'attack',
  name: 'first-depositor',
  title: 'The first depositor donates',
  story:
    'The attacker is the first in an empty pool, with as little as it can, and gives the pool a ' +
    'large donation. Alice pays for shares that are dear now; what is rounded off hers goes to ' +
    'the attacker, if there is nobody else.',
  incidents: ['a share of one unit and a donation: the first depositor of many vaults'],
  control: 'a million virtual shares, a least deposit, and money that only the venue counts',
  invariants: ['I10'],
  terms: { markets },
  bound: BigInt(victimTokens) * 100n,
  profitMin: 10_000_000_000n,
  async before(world) {
    await world.user('alice', 1_000);
    await world.attacker('mallory', 1_000);
    await world.mint('alice', victimTokens);
    await world.mint('mallory', donatedTokens + 10);
    await world.call('deployer', 'backstop', 'openPool', [pool]);
  },
  async run(world) {
    const [account] = (await world.read('backstop', 'poolOf', pool)) as [number];
    await world.attack('is first, and donates', async () => {
      if (!(await join(world, 'mallory', 1n))) await join(world, 'mallory', 1_000_000n);
      const { token, vault } = world.venue.contracts;
      const units = world.tokens(donatedTokens);
      await world.call('mallory', 'token', 'approve', [vault, units]);
      await world.call('mallory', 'clearingHouse', 'deposit', [token, account, units], {
        what: `donates ${donatedTokens} to the pool`,
      });
    });
    await join(world, 'alice', world.tokens(victimTokens));
    await ask(world, 'alice');
    await world.attack('asks for its shares', () => ask(world, 'mallory'));
    await world.wait(86_402);
    await world.attack('leaves first', () => leave(world, 'mallory'));
    await leave(world, 'alice');
  },
  ablations: [
    {
      kind: 'source',
      name: 'virtual shares and a least deposit',
      contracts: ['Backstop'],
      edits: [
        {
          file: 'src/Backstop.sol',
          from: 'uint256 private constant VIRTUAL_SHARES = 1e6;',
          to: 'uint256 private constant VIRTUAL_SHARES = 0;',
        },
        {
          file: 'src/Backstop.sol',
          from: 'uint256 private constant DEPOSIT_QUOTE_MIN = 1e6;',
          to: 'uint256 private constant DEPOSIT_QUOTE_MIN = 1;',
        },
        {
          file: 'src/Backstop.sol',
          from: 'shares = Math.mulDiv(quote, supply, equity + maintenance + 1);',
          to: 'shares = supply == 0 ? quote : Math.mulDiv(quote, supply, equity + maintenance);',
        },
      ],
    },
  ],
};

/** What keepers and founders of a market do; beside the verbs of the world. */
import { freshPace, paceAfter } from '@holdfast/risk';
import type { Ground } from './ground.ts';
import type { Outcome, Request } from './send.ts';

/** Account of a market's own insurance fund. */
export const fundOf = (market: number): number => 2 ** 32 - 256 + market;

/** Pool of the backstop that serves a market alone. */
export const poolOf = (market: number): number => 1 + market;

/** What honest people do only because of the attack: left out of the control run. */
export async function answer<T>(world: Ground, act: () => Promise<T>): Promise<T | undefined> {
  return world.mode === 'control' ? undefined : act();
}

/** Sends the position of an account down the waterfall: a request for `together`. */
export function resolution(
  world: Ground,
  by: string,
  victim: string | number,
  market: string,
  counterparties: readonly string[],
): { by: string; what: string; request: Request } {
  const account = typeof victim === 'number' ? victim : world.person(victim).account;
  const others = counterparties.map((name) => world.person(name).account).sort((a, b) => a - b);
  const args = [account, world.market(market).id, others, '0x'];
  const data = world.encode('clearingHouse', 'resolve', args);
  const to = world.addressOf('clearingHouse');
  return { by, what: `resolves ${market} of ${victim}`, request: { to, data, gas: 3_000_000n } };
}

/**
 * `by` sends the position of an account down the waterfall: backstop, insurance, and the listed
 * counterparties, pro rata.
 */
export async function resolve(
  world: Ground,
  ...wish: [by: string, victim: string | number, market: string, counterparties: readonly string[]]
): Promise<Outcome> {
  const { by, what, request } = resolution(world, ...wish);
  return world.send(by, what, request);
}

/** Sends positions of so many lots each down the waterfall, as fast as blocks take them. */
export async function resolveAll(
  world: Ground & { together(wishes: ReturnType<typeof resolution>[]): Promise<unknown> },
  ...[by, victims, lots, market, counterparties]: [
    by: string,
    victims: readonly string[],
    lots: number,
    market: string,
    counterparties: readonly string[],
  ]
): Promise<void> {
  const { id, liquidationPartPpm } = world.market(market);
  for (let left = [...victims]; left.length > 0; ) {
    const [, , open] = (await world.read('clearingHouse', 'market', id)) as unknown[];
    let pace = freshPace(Number(open), liquidationPartPpm);
    const now = left.filter(() => {
      const after = paceAfter(pace, lots);
      pace = after ?? pace;
      return after !== undefined;
    });
    await world.together(now.map((name) => resolution(world, by, name, market, counterparties)));
    left = left.filter((name) => !now.includes(name));
  }
}

/** Whole tokens for a market's own insurance fund, and for its own pool of the backstop. */
export async function endow(
  world: Ground,
  symbol: string,
  insurance: number,
  pool: number,
): Promise<void> {
  const { id } = world.market(symbol);
  const { token, vault } = world.venue.contracts;
  const backstop = world.addressOf('backstop');
  const by = 'deployer';
  const [fund, behind] = [world.tokens(insurance), world.tokens(pool)];
  const me = world.key(by).address;
  await world.call(by, 'token', 'mint', [me, fund + behind]);
  await world.call(by, 'token', 'approve', [vault, fund]);
  await world.call(by, 'clearingHouse', 'deposit', [token, fundOf(id), fund]);
  await world.call(by, 'token', 'approve', [backstop, behind]);
  await world.call(by, 'backstop', 'openPool', [poolOf(id)]);
  await world.call(by, 'backstop', 'deposit', [poolOf(id), behind]);
}

/** Quote units in a market's own fund. */
export async function fundQuote(world: Ground, symbol: string): Promise<bigint> {
  const account = await world.read('clearingHouse', 'account', fundOf(world.market(symbol).id));
  const [, cashQ32] = account as [string, bigint];
  return cashQ32 >> 32n;
}

/** Account and equity, quote units, of a pool of the backstop; 0 is the shared one. */
export async function poolState(world: Ground, pool: number): Promise<[number, bigint]> {
  const [account, , equity] = (await world.read('backstop', 'poolOf', pool)) as [
    number,
    bigint,
    bigint,
  ];
  return [Number(account), equity];
}

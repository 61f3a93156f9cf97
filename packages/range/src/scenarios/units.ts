/** Collateral of 6, 8 and 18 decimals, against a reference that does not round. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';
const operations = 24;
const ppm = 1_000_000n;

/** What Mallory's account must have: cash in 10^-24 quote units, which hold every fraction. */
interface Reference {
  quote: bigint;
  lots: bigint;
}
const one = 10n ** 24n;
const references = new WeakMap<World, Reference>();

/** Distance of the account from the reference, quote units rounded up. */
async function distance(world: World): Promise<bigint> {
  const reference = references.get(world);
  if (reference === undefined) return 0n;
  const { id, tickValue } = world.market(market);
  const price = BigInt(world.memory.prices.get(id) ?? 0) * BigInt(tickValue);
  const { equity } = await world.health('mallory');
  const off = equity * one - (reference.quote + reference.lots * price * one);
  return ((off < 0n ? -off : off) + one - 1n) / one;
}

/** Token units of a random amount, often no whole number of quote units. */
function oddAmount(world: World, most: number): bigint {
  const whole = world.tokens(world.random(most) + 1);
  return whole + BigInt(world.random(3)) * (world.scale / 2n) + BigInt(world.random(2));
}

async function move(world: World, reference: Reference, isIn: boolean): Promise<void> {
  const amount = oddAmount(world, isIn ? 400 : 300);
  const { account, address } = world.person('mallory');
  const { token } = world.venue.contracts;
  const { ok } = isIn
    ? await world.call('mallory', 'clearingHouse', 'deposit', [token, account, amount])
    : await world.call('mallory', 'clearingHouse', 'withdraw', [account, amount, address, '0x']);
  const moved = (amount * one) / world.scale;
  if (ok) reference.quote += isIn ? moved : -moved;
}

async function swap(world: World, reference: Reference): Promise<void> {
  const lots = world.random(90) + 1;
  const price = 2_950 + world.random(10_000) / 100;
  const isBuy = world.random(2) === 0;
  const size = lots / 100;
  const [buyer, seller] = isBuy ? ['mallory', 'alice'] : ['alice', 'mallory'];
  const { ok } = await world.trade(buyer ?? '', seller ?? '', { market, size, price });
  if (!ok) return;
  const { tickValue, makerFeePpm, takerFeePpm } = world.market(market);
  const value = BigInt(lots) * BigInt(world.ticks(market, price)) * BigInt(tickValue);
  const fee = (value * BigInt(isBuy ? takerFeePpm : makerFeePpm) * one) / ppm;
  reference.lots += isBuy ? BigInt(lots) : -BigInt(lots);
  reference.quote -= (isBuy ? value : -value) * one + fee;
}

async function fuzz(world: World): Promise<void> {
  const { equity } = await world.health('mallory');
  const reference = { quote: equity * one, lots: 0n };
  references.set(world, reference);
  for (let i = 0; i < operations; i++) {
    const kind = world.random(3);
    if (kind === 2) await swap(world, reference);
    else await move(world, reference, kind === 0);
  }
}

/** The scenario at a venue whose collateral has so many decimals. */
const unitsOf = (decimals: number, ablation: Attack['ablations'][number]): Attack => ({
  kind: 'attack',
  name: `units-${decimals}`,
  title: `Collateral of ${decimals} decimals`,
  story:
    `Collateral has ${decimals} decimals. Mallory deposits, withdraws and trades amounts from ` +
    'the seed, many of them no whole number of the venue’s units, and her account is compared ' +
    'with fractions that are never rounded: it may be off by a unit for each operation and no ' +
    'more.',
  incidents: ['FutureSwap 2026-01: token units where basis points are read'],
  control:
    decimals === 6
      ? 'fees are parts per million of what changes hands, rounded up'
      : 'one scale between token and quote units; amounts that do not fit are refused',
  invariants: ['I1', 'I10'],
  ...(decimals === 6 ? {} : { terms: { decimals } }),
  bound: BigInt(operations),
  profitMin: 100n,
  harm: { unit: 'quote units off', measure: distance },
  async before(world) {
    await world.user('alice', 100_000);
    await world.attacker('mallory', 20_000);
    await world.mint('mallory', 20_000);
    const { vault } = world.venue.contracts;
    await world.call('mallory', 'token', 'approve', [vault, world.tokens(20_000)]);
    await world.price({ [market]: 3_000 });
  },
  async run(world) {
    await world.attack('moves odd amounts', () => fuzz(world));
    await world.price({ [market]: 3_000 });
  },
  ablations: [ablation],
});

const scaled = {
  kind: 'source',
  name: 'the scale between token and quote units',
  contracts: ['CustodyModule'],
  edits: [
    {
      file: 'src/modules/CustodyModule.sol',
      from: 'SCALE = VAULT.scale();',
      to: 'SCALE = VAULT.scale() / VAULT.scale();',
    },
  ],
} as const;

/** At 6 decimals there is no scale to forget; basis points where parts per million are read. */
const basis = {
  kind: 'source',
  name: 'fees are parts per million',
  contracts: ['ClearingHouse'],
  edits: [
    {
      file: 'src/libraries/Margin.sol',
      from: 'return (amount * ppm + (PPM - 1)) / PPM;',
      to: 'return (amount * ppm + (PPM - 1)) / PPM / 100;',
    },
  ],
} as const;

export const units6 = unitsOf(6, basis);
export const units8 = unitsOf(8, scaled);
export const units18 = unitsOf(18, scaled);

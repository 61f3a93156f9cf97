/** Below every limit, for weeks: the books reconcile to nothing, and habits are watched. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const daySeconds = 86_400;
/** For a thousand accounts and 44 days: 34 and 22, one withdrawal of each a day. */
const honest = Array.from({ length: 24 }, (_, i) => `user-${i + 1}`);
const thieves = Array.from({ length: 10 }, (_, i) => `mole-${i + 1}`);
const habitDays = 8;
const days = 22;
/** Nine tenths of what the vault keeps for one account's small withdrawals, whole tokens. */
const limit = 900;

/** What somebody takes out on a day without other thoughts: 20 at times, 5 mostly. */
const usual = (who: number, day: number): number => (who % 3 === day % 3 ? 20 : 5);

/** The same, half more on each day that passes, up to the limit. */
const drifting = (who: number, day: number): number =>
  Math.min(limit, Math.round(usual(who, day) * 1.5 ** Math.max(0, day - habitDays)));

async function before(world: World): Promise<void> {
  for (const name of honest) await world.user(name, 2_000);
  for (const name of thieves) await world.attacker(name, 8_000);
  await world.price({ 'ETH-USD': 3_000 });
}

function taking(world: World, name: string, tokens: number) {
  const { account, address } = world.person(name);
  const args = [account, world.tokens(tokens), address, '0x'];
  const data = world.encode('clearingHouse', 'withdraw', args);
  const { clearingHouse: to } = world.venue.contracts;
  return { by: name, what: `withdraws ${tokens}`, request: { to, data, gas: 4_000_000n } };
}

/** The days, one after the other. In the control run the moles keep their habits. */
async function live(world: World): Promise<void> {
  for (let day = 0; day < days; day++) {
    world.later(daySeconds - 4);
    const ofThieves = (amount: typeof usual) =>
      thieves.map((name, i) => taking(world, name, amount(i, day)));
    await world.together(honest.map((name, i) => taking(world, name, usual(i, day))));
    if (world.mode === 'control') await world.together(ofThieves(usual));
    else await world.attack('takes a little more', () => world.together(ofThieves(drifting)));
  }
}

/** One unit for each time that somebody took something out. */
const tolerance = BigInt(days * thieves.length);

export const lowAndSlow: Attack = {
  kind: 'attack',
  name: 'low-and-slow',
  title: 'Low and slow',
  story:
    'Ten of 34 accounts behave like all others for a week, then for two weeks take out half ' +
    'more on each day, up to nine tenths of what one account may. A fault in the books, if there ' +
    'was one, would pay them a thousandth of it: too little for any window or threshold to see.',
  incidents: [],
  control: 'what leaves an account is what is paid, to the unit: the books reconcile to nothing',
  invariants: ['I1', 'I10'],
  bound: tolerance,
  profitMin: 10_000_000n,
  before,
  run: live,
  ablations: [
    {
      kind: 'source',
      name: 'a debit is what is paid',
      contracts: ['CustodyModule'],
      edits: [
        {
          file: 'src/Withdrawing.sol',
          from: 'word = word.withCash(word.cash() - int256(quote << Q32_BITS));',
          to: 'word = word.withCash(word.cash() - int256((quote - quote / 1000) << Q32_BITS));',
        },
      ],
    },
  ],
};

/** Days from the first change of habits until somebody was told, or to the end. */
async function daysUnnoticed(world: World): Promise<bigint> {
  if (world.mode === 'control') return 0n;
  const told = world.memory.timeline.find(
    ({ kind, what }) => kind === 'alarm' && what.includes('more than they used to'),
  );
  const end = told?.second ?? days * daySeconds;
  return BigInt(Math.ceil(end / daySeconds) - habitDays);
}

export const slowDrift: Attack = {
  kind: 'attack',
  name: 'slow-drift',
  title: 'A drift that no limit sees',
  story:
    'The same ten accounts, and nothing is wrong with the books: but who prepares to take more ' +
    'does it slowly, so that its own average follows it. The sentinel compares a fast and a slow ' +
    'average of everybody, and tells when a part of the accounts leaves the others.',
  incidents: [],
  control: 'the rule account-drift of the sentinel',
  invariants: ['I13'],
  // Told before the first of them is at its limit.
  bound: BigInt(Math.floor(Math.log(limit / 20) / Math.log(1.5))),
  harm: { unit: 'days unnoticed', measure: daysUnnoticed },
  profitMin: 12n,
  before,
  async run(world) {
    const enabled = !world.isOff('drift alarm');
    await world.sentinel({ rules: { 'account-drift': { enabled } } });
    await live(world);
  },
  ablations: [{ kind: 'switch', name: 'drift alarm', off: 'drift alarm' }],
};

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountId, marketId, seconds } from '@holdfast/units';
import { checkLaws } from '../src/index.ts';
import { restingOf } from '../src/resting.ts';
import type { AccountState, State } from '../src/types.ts';
import { refresh } from '../src/valuation.ts';
import { Venue } from './support.ts';

/** Account 2 holds a position, rests an order and is armed. */
function scene(): { state: State; account: AccountState } {
  const venue = new Venue(2);
  venue.place(2, true);
  venue.place(3, false, { tif: 1 });
  venue.place(2, true, { lane: 1, price: 990, size: 20 });
  const until = seconds(venue.state.at + 60);
  venue.run({ type: 'deadman', at: venue.state.at, account: accountId(2), until });
  const { state } = venue;
  const account = state.accounts.get(accountId(2)) as AccountState;
  refresh(state, account);
  return { state, account };
}

type Corrupt = (account: AccountState, state: State) => void;

const sums = (change: Partial<Record<'worth' | 'initial' | 'maintenance' | 'worst', bigint>>) => {
  const corrupt: Corrupt = (account) => {
    assert.ok(account.sums);
    for (const [name, by] of Object.entries(change)) account.sums[name as 'worth'] += by;
  };
  return corrupt;
};

const margin = 'account 2 keeps margin of something else';

/** What is wrong, and all that is said of it. */
const wrong: [string, Corrupt, string[]][] = [
  ['nothing', () => {}, []],
  [
    'it rests unlisted',
    (_, { resting }) => void resting.delete(accountId(2)),
    ['account 2 is not listed as it rests'],
  ],
  [
    'another is listed that does not rest',
    (_, { resting }) => void resting.add(accountId(3)),
    ['account 3 is not listed as it rests'],
  ],
  [
    'it is armed unlisted',
    (_, { armed }) => void armed.delete(accountId(2)),
    ['account 2 is not listed as it is armed'],
  ],
  [
    'another is listed that is not armed',
    (_, { armed }) => void armed.add(accountId(3)),
    ['account 3 is not listed as it is armed'],
  ],
  [
    'open sums, and then not their margin as well',
    (account) => {
      const open = account.open.get(marketId(0)) as { buys: number };
      open.buys += 1;
    },
    ['account 2 has wrong open sums in market 0'],
  ],
  ['equity alone', sums({ worth: 1n << 32n, worst: 1n }), [margin]],
  ['initial margin', sums({ initial: 1n }), [margin]],
  ['maintenance', sums({ maintenance: -1n }), [margin]],
  ['what orders may cost', sums({ worst: 1n }), [margin]],
  [
    'a reserve',
    (account) => {
      account.reserved += 1n;
    },
    ['account 2 reserves something else'],
  ],
  [
    'an order with too small a reserve',
    (account) => {
      const [resting] = restingOf(account);
      assert.ok(resting);
      resting.reserve = (resting.reserve - 1n) as typeof resting.reserve;
      account.reserved = (account.reserved - 1n) as typeof account.reserved;
    },
    ['an order of account 2 has too small a reserve'],
  ],
];

describe('the check of a state', () => {
  for (const [what, corrupt, breaches] of wrong) {
    it(`tells ${what}, and nothing else`, () => {
      const { state, account } = scene();
      corrupt(account, state);
      assert.deepEqual(checkLaws(state), breaches);
    });
  }
});

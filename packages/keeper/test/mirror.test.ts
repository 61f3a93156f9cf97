import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clearingHouseAbi, parametersAbi } from '@holdfast/abi';
import { createMirror, readRefreshedQuotes, readSettledAccounts } from '@holdfast/keeper';
import { accountId, type Hex, marketId } from '@holdfast/units';
import {
  type AbiEvent,
  encodeAbiParameters,
  encodeEventTopics,
  encodePacked,
  type Log,
} from 'viem';

const owner = `0x${'ab'.repeat(20)}` as const;

function log(eventName: string, args: Record<string, unknown>): Log {
  const abi = [...clearingHouseAbi, ...parametersAbi];
  const event = abi.find((item) => item.type === 'event' && item.name === eventName) as
    | AbiEvent
    | undefined;
  assert.ok(event !== undefined, `no event ${eventName}`);
  const topics = encodeEventTopics({ abi: [event], eventName, args } as never);
  const rest = event.inputs.filter((input) => !input.indexed);
  const data = encodeAbiParameters(
    rest,
    rest.map((input) => args[input.name ?? '']),
  );
  return { address: owner, topics, data } as unknown as Log;
}

function settledAccount(account: number, cash: bigint, sizes: [number, bigint][]): Hex {
  const head = encodePacked(['uint32', 'uint8', 'int128'], [account, sizes.length, cash]);
  const tail = sizes.map(([market, size]) => encodePacked(['uint8', 'int56'], [market, size]));
  return `0x${[head, ...tail].map((part) => part.slice(2)).join('')}`;
}

const quotes = encodePacked(
  ['uint8', 'uint32', 'uint32', 'int32', 'int96'],
  [3, 22_000, 22_100, -5, -(1n << 40n)],
);

describe('mirror', () => {
  it('reads the packed fields of events', () => {
    assert.deepEqual(readRefreshedQuotes(quotes), [
      { market: 3, price: 22_000, mark: 22_100, rate: -5, index: -(1n << 40n) },
    ]);
    const two = `${settledAccount(2, -7n, [[0, -3n]])}${settledAccount(9, 8n, []).slice(2)}`;
    assert.deepEqual(readSettledAccounts(two as Hex), [
      { account: 2, cash: -7n, sizes: [[0, -3]] },
      { account: 9, cash: 8n, sizes: [] },
    ]);
  });

  it('takes the terms of a market from the chain: new ones, and what a steward moves', () => {
    const mirror = createMirror();
    const input = parametersAbi.find(
      (item) => item.type === 'event' && item.name === 'MarketChanged',
    )?.inputs[1] as { components: readonly { name: string }[] };
    const params = Object.fromEntries(input.components.map(({ name }, i) => [name, 10 + i]));
    mirror.apply([log('MarketChanged', { market: 7, params })]);
    assert.deepEqual(mirror.markets.get(marketId(7)), params);
    mirror.apply([log('MarketChanged', { market: 7, params: { ...params, maintenancePpm: 99 } })]);
    assert.equal(mirror.markets.get(marketId(7))?.maintenancePpm, 99);
    assert.deepEqual([...mirror.markets.keys()], [7]);
  });

  it('charges a levy to both sides, and to a fund that nobody opened', () => {
    const mirror = createMirror();
    const fund = 2 ** 32 - 256;
    const rows = [
      settledAccount(2, 100n, [[0, 3n]]),
      settledAccount(3, 100n, [[0, -2n]]),
      settledAccount(fund, 100n, [[0, -1n]]),
      settledAccount(4, 100n, [[1, 9n]]),
    ].map((row) => row.slice(2));
    mirror.apply([
      log('Touched', { cause: 1, accounts: `0x${rows.join('')}` }),
      log('Levied', { market: 0, perLotQ32: 10n, totalQ32: 10n }),
    ]);
    const cash = [2, 3, fund, 4].map((id) => mirror.accounts.get(accountId(id))?.cash);
    assert.deepEqual(cash, [70n, 80n, 90n, 100n]);
  });

  it('follows an account from opening to liquidation', () => {
    const mirror = createMirror();
    const two = accountId(2);
    mirror.apply([
      log('AccountOpened', { account: 2, owner }),
      log('Deposited', { account: 2, from: owner, quote: 5n, cashAfter: 5n << 32n }),
      log('Refreshed', { round: 77, time: 78, quotes }),
    ]);
    assert.equal(mirror.accounts.get(two)?.cash, 5n << 32n);
    assert.equal(mirror.accounts.get(two)?.owner.toLowerCase(), owner);
    assert.equal(mirror.marks.get(marketId(3))?.price, 22_000);
    assert.equal(mirror.marks.get(marketId(3))?.mark, 22_100);
    assert.deepEqual([mirror.round(), mirror.reportTime()], [77, 78]);
    const head = `0x${'0'.repeat(64)}`;
    const accounts = settledAccount(2, 1n, [[3, -40n]]);
    mirror.apply([log('Settled', { number: 1n, head, accounts, orders: '0x' })]);
    assert.equal(mirror.accounts.get(two)?.positions.get(marketId(3)), -40);
    const records = [
      settledAccount(2, 3n, [[3, 0n]]),
      settledAccount(6, 4n, [[3, -40n]]).slice(2),
      settledAccount(0, 5n, []).slice(2),
    ];
    mirror.apply([log('Touched', { cause: 1, accounts: records.join('') })]);
    assert.equal(mirror.accounts.get(two)?.positions.size, 0);
    assert.equal(mirror.accounts.get(accountId(6))?.positions.get(marketId(3)), -40);
    assert.equal(mirror.accounts.get(accountId(0))?.cash, 5n);
  });
});

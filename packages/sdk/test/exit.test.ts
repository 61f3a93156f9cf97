import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ForcedEntry } from '@holdfast/order';
import type { Hex } from '@holdfast/units';
import { type Exit, type ExitStatus, planExit, runExit } from '../src/index.ts';

const owner: Hex = `0x${'aa'.repeat(20)}`;

const account = (id: number, sizes: [number, number][] = [], quote = 50n) => ({
  account: id,
  equity: quote,
  cashQ32: quote << 32n,
  positions: sizes.map(([market, size]) => ({ market, size })),
  claim: 0n,
});

const entry = (number: number, more: Partial<ForcedEntry> = {}): ForcedEntry => ({
  number,
  kind: 'cancelAll',
  account: 99,
  market: 0,
  isLong: true,
  limit: 0,
  time: 500,
  deadline: 1_500,
  amount: 0n,
  to: owner,
  nonce: 0n,
  ...more,
});

const running: ExitStatus = {
  time: 1_000,
  frozenTime: 0,
  queue: {
    address: owner,
    next: 1,
    count: 0,
    deadlineSeconds: 9,
    graceSeconds: 9,
    asideSeconds: 9,
    feeWei: 1n,
  },
  waiting: [],
  aside: [],
  freezeFrom: undefined,
  reckoning: { next: 0, count: 5, claimsQ32: 0n, pool: 0n, done: false },
  accounts: [account(7)],
  owed: 0n,
};
const kinds = (status: ExitStatus) => planExit(status).map((step) => step.do);

describe('the plan of an exit', () => {
  it('takes out at once what no position holds', () => {
    assert.deepEqual(planExit(running), [{ do: 'withdraw', account: 7, quote: 50n }]);
    assert.deepEqual(planExit({ ...running, accounts: [account(7, [], 0n)] }), []);
  });

  it('queues what the breaker lets out by the queue alone, once', async () => {
    const asked: string[] = [];
    let waiting: ForcedEntry[] = [];
    const exit = {
      status: async () => ({ ...running, waiting }),
      withdrawNow: async () => {
        asked.push('withdraw');
        return { isRejection: true, code: 'BreakerTripped', message: 'tightened', details: {} };
      },
      requestWithdraw: async (id: number) => {
        asked.push('queue');
        waiting = [entry(1, { kind: 'withdraw', account: id })];
        return { tx: owner };
      },
    } as unknown as Exit;
    const { results } = await runExit(exit, owner, [7]);
    assert.deepEqual(asked, ['withdraw', 'queue']);
    assert.deepEqual(
      results.map((step) => [step.do, step.refused?.code]),
      [
        ['withdraw', 'BreakerTripped'],
        ['queueWithdraw', undefined],
      ],
    );
    await runExit(exit, owner, [7]);
    assert.deepEqual(asked, ['withdraw', 'queue', 'withdraw'], 'what waits is asked for once');
  });

  it('cancels, then queues closes and the withdrawal, and asks for nothing twice', () => {
    const held = account(7, [
      [0, 5],
      [2, -3],
    ]);
    const status = { ...running, accounts: [held] };
    const steps = planExit(status);
    assert.deepEqual(kinds(status), ['cancelOrders', 'queueClose', 'queueClose', 'queueWithdraw']);
    assert.deepEqual(steps[2], { do: 'queueClose', account: 7, market: 2, isLong: false });
    const half = [entry(1, { kind: 'close', account: 7 })];
    assert.deepEqual(kinds({ ...status, waiting: half }), [
      'cancelOrders',
      'queueClose',
      'queueWithdraw',
    ]);
    const all = [
      ...half,
      entry(2, { kind: 'close', account: 7, market: 2 }),
      entry(3, { kind: 'withdraw', account: 7 }),
    ];
    assert.deepEqual(kinds({ ...status, waiting: all }), []);
    // Another's requests are not its own.
    const foreign = all.map((each) => ({ ...each, account: 8 }));
    assert.equal(kinds({ ...status, waiting: foreign }).length, 4);
  });

  it('executes what is overdue up to the first close, which needs a taker', () => {
    const waiting = [
      entry(1, { deadline: 999 }),
      entry(2, { kind: 'withdraw', deadline: 999 }),
      entry(3, { kind: 'close', deadline: 999 }),
      entry(4, { deadline: 999 }),
    ];
    const steps = planExit({ ...running, waiting });
    assert.deepEqual(steps, [
      { do: 'execute', number: 1 },
      { do: 'execute', number: 2 },
      { do: 'setAside', number: 3 },
    ]);
    const refused = new Set([JSON.stringify({ do: 'execute', number: 1 })]);
    const aside = [
      entry(7, { kind: 'withdraw', deadline: 500 }),
      entry(8, { kind: 'close', deadline: 500 }),
    ];
    assert.deepEqual(planExit({ ...running, waiting, aside }, new Set(), refused), [
      { do: 'execute', number: 7 },
      { do: 'setAside', number: 1 },
    ]);
    assert.deepEqual(kinds({ ...running, waiting: [entry(1, { deadline: 1_000 })] }), ['withdraw']);
  });

  it('sets aside what waits for a price, and freezes where that fails', () => {
    const held = account(7, [[0, 5]]);
    const own = entry(1, { kind: 'withdraw', account: 7, deadline: 900 });
    const late = { ...running, accounts: [held], waiting: [own], freezeFrom: 1_000 };
    const failed = [JSON.stringify({ do: 'execute', number: 1 })];
    assert.deepEqual(kinds(late), ['execute']);
    const plan = (more: string[]) =>
      planExit(late, new Set(), new Set([...failed, ...more])).map((step) => step.do);
    assert.deepEqual(plan([]), ['setAside']);
    assert.deepEqual(plan([JSON.stringify({ do: 'setAside', number: 1 })]), ['freeze']);
    const passed = { ...late, waiting: [], aside: [own], freezeFrom: 9_000 };
    assert.deepEqual(
      planExit(passed, new Set(), new Set(failed)).map((step) => step.do),
      ['cancelOrders', 'queueClose'],
    );
    const frozen = { ...passed, frozenTime: 1_000 };
    const done = { ...frozen, reckoning: { ...frozen.reckoning, done: true } };
    assert.deepEqual(kinds(done), ['refund']);
  });

  it('freezes, reckons and leaves, each when its time has come', () => {
    const held = account(7, [[0, 5]]);
    const waiting = [
      entry(1, { kind: 'close', account: 7, deadline: 900 }),
      entry(2, { kind: 'withdraw', account: 7, deadline: 900 }),
    ];
    const late = { ...running, accounts: [held], waiting, freezeFrom: 1_001 };
    const tried = new Set([JSON.stringify({ do: 'setAside', number: 1 })]);
    const after = (status: ExitStatus) => planExit(status, new Set(), tried).map((step) => step.do);
    assert.deepEqual(after(late), []);
    assert.deepEqual(after({ ...late, freezeFrom: 1_000 }), ['freeze']);
    const frozen = { ...late, frozenTime: 1_000 };
    assert.deepEqual(kinds(frozen), ['reckon']);
    const done = { ...frozen, reckoning: { ...frozen.reckoning, done: true } };
    const owed = { ...done, accounts: [{ ...held, claim: 9n }, account(8, [], -5n)], owed: 3n };
    assert.deepEqual(kinds(owed), ['exit', 'refund', 'refund', 'collect']);
    assert.deepEqual(kinds({ ...done, waiting: [], accounts: [account(8, [], -5n)] }), []);
  });

  it('gives up what is refused, says why, and goes on with the rest', async () => {
    const accounts = [account(7), account(8)];
    const paid = new Set<number>();
    const exit = {
      status: async () => ({
        ...running,
        accounts: accounts.map((each) =>
          paid.has(each.account) ? account(each.account, [], 0n) : each,
        ),
      }),
      withdrawNow: async (id: number) => {
        if (id === 7) return { code: 'OutflowExceeded', message: 'later' };
        paid.add(id);
        return { tx: '0x01' as Hex, block: 1 };
      },
    } as unknown as Exit;
    const { results } = await runExit(exit, owner, [7, 8]);
    assert.deepEqual(
      results.map((each) => [each.do, each.refused?.code, each.tx]),
      [
        ['withdraw', 'OutflowExceeded', undefined],
        ['withdraw', undefined, '0x01'],
      ],
    );
  });
});

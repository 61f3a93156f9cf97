/** Time, lanes, the forced queue and the freeze, breakers, and a captured governor. */
import assert from 'node:assert/strict';
import { resumeAfterHalt, resumeLevel } from '@holdfast/risk';
import { type Abi, type Address, parseEventLogs } from 'viem';
import { artifact, deployer, guardian } from '../../../tools/gas/chain.ts';
import { q32 } from '../../e2e/harness/worth.ts';
import { law } from './judge.ts';
import type { Acts, Effect, Life } from './life.ts';
import type { Op } from './operations.ts';
import { type Seen, unit } from './rig.ts';
import { amounts, eventOf, stranger, userOf } from './shadow.ts';

const day = 86_400;
const feeWei = 10n ** 14n;
const graceSeconds = 3_600;
const asideSeconds = 3 * day;
const silenceSeconds = 7 * day;
const delaySeconds = 2 * day;
const clearDelaySeconds = 3_600;
const holdSecondsMax = day;
const expirySeconds = 7 * day;

const abiOf = (name: string): Abi => artifact(name).abi;

/** The next block is not before a second; at once when that is past. */
function waitUntil({ rig }: Life, time: number): void {
  const { chain } = rig.venue;
  chain.time = Math.max(chain.time, time);
}

async function cancelLane(
  life: Life,
  op: Extract<Op, { op: 'cancelLane' }>,
  before: Seen,
): Promise<Effect> {
  const { rig } = life;
  const id = userOf(life, op.who);
  const by = rig.owner(userOf(life, op.who + (op.stolen ? 1 : 0)));
  const { seq } = before.lanes.get(`${id}/${op.lane}`)!;
  const to = Math.max(0, seq + op.ahead);
  const outcome = await rig.call('cancelLane', [id, op.lane, to], by);
  if (outcome.ok) assert.equal(by, rig.owner(id), 'a stranger cancels');
  return { outcome };
}

async function request(
  life: Life,
  op: Extract<Op, { op: 'request' }>,
  before: Seen,
): Promise<Effect> {
  const { rig } = life;
  const id = userOf(life, op.who);
  const isLong = op.amount % 3 === 0;
  const any = 2 ** 32 - 1;
  const [name, args] = {
    // The numbers are those of signed withdrawals: each pays once, by whichever way.
    withdraw: ['requestWithdraw', [id, BigInt(op.amount) * unit, stranger, op.amount % 4]] as const,
    close: ['requestClose', [id, op.amount % 2, isLong, op.amount, isLong ? 1 : any]] as const,
    cancelAll: ['requestCancelAll', [id]] as const,
  }[op.kind];
  const how = { to: rig.venue.forcedQueue, abi: abiOf('ForcedQueue'), value: feeWei };
  const outcome = await rig.call(name, args, rig.owner(id), how);
  if (outcome.ok && op.kind === 'withdraw') {
    life.forcedNonces.set(before.forced.count + 1, op.amount % 4);
  }
  return { outcome };
}

async function execute(
  life: Life,
  op: Extract<Op, { op: 'execute' }>,
  before: Seen,
): Promise<Effect> {
  const { rig, reached } = life;
  const taker = userOf(life, op.taker);
  const { next, count, deadline } = before.forced;
  if (op.late) waitUntil(life, deadline + 1);
  const from = op.bySequencer ? deployer : rig.owner(taker);
  const args = [next, op.bySequencer ? 0 : taker, 2n ** 55n, '0x'];
  const outcome = await rig.call('executeForced', args, from);
  if (!outcome.ok) return { outcome };
  law(reached.verdicts, 'forcedInTurn', {
    number: BigInt(next),
    done: BigInt(next - 1),
    count: BigInt(count),
    deadline,
    nowTime: rig.venue.chain.time - 1,
    bySequencer: op.bySequencer,
    aside: false,
  });
  const found = eventOf(outcome.logs, 'ForcedExecuted') as never as Record<string, unknown>;
  const [id, kind] = [found.account as number, found.kind as number];
  const amount = found.amount as bigint;
  const isLawful = found.failure === '0x00000000';
  life.mark(
    `forced ${['', 'withdrawal', 'close', 'cancelling'][kind]} ${isLawful ? 'done' : 'void'}`,
  );
  if (kind !== 1) return { outcome, free: [id, taker, 1] };
  if (isLawful) useForced(life, next, id);
  return { outcome, cash: amounts([id, isLawful ? -amount * q32 : 0n]) };
}

/** A forced withdrawal was paid: its number was not used before. */
function useForced(life: Life, number: number, id: number): void {
  const nonce = life.forcedNonces.get(number);
  if (nonce === undefined) return;
  assert.ok(!life.nonces.has(`${id}/${nonce}`), `number ${nonce} of account ${id} is used twice`);
  life.nonces.add(`${id}/${nonce}`);
}

async function freeze(
  life: Life,
  op: Extract<Op, { op: 'freeze' }>,
  before: Seen,
): Promise<Effect> {
  const { rig, reached } = life;
  if (op.late) waitUntil(life, before.forced.deadline + graceSeconds + 1);
  const outcome = await rig.call('freeze', [], stranger);
  if (outcome.ok) {
    const { next, count, deadline } = before.forced;
    law(reached.verdicts, 'freezeLawful', {
      waiting: next <= count,
      ...{ deadline, graceSeconds, silenceSeconds },
      ...{ aside: false, asideDeadline: 0, asideSeconds },
      reportTime: before.roundTime,
      nowTime: rig.venue.chain.time - 1,
    });
    life.mark('frozen');
  }
  return { outcome, isEnd: outcome.ok };
}

/** Level in force of a scope: what is set of it and of the venue, and the ways back from halts. */
function levelAt(seen: Seen, scope: number, now: number): number {
  const own = (entry: readonly number[]): number => {
    const set = [3, 2, 1].find((level) => now < entry[level - 1]!) ?? 0;
    const back = resumeAfterHalt(entry[3]!, entry[2]!);
    return now < entry[2]! ? set : Math.max(set, resumeLevel(back, now));
  };
  return Math.max(own(seen.entries[scope]!), own(seen.entries[0]!));
}

async function tighten(
  life: Life,
  op: Extract<Op, { op: 'tighten' }>,
  before: Seen,
): Promise<Effect> {
  const { rig, reached } = life;
  const from = op.byGuardian ? deployer : stranger;
  const how = breakerOf(life);
  const evidence = { law: `0x${'4c'.repeat(32)}`, blockNumber: 0n, values: [] };
  const args = [op.scope, op.level, op.seconds, evidence];
  // What is more than level 1 takes two guardians: the other one has voted.
  if (op.byGuardian && op.level > 1) await rig.call('tighten', args, guardian, how);
  const outcome = await rig.call('tighten', args, from, how);
  if (outcome.ok) {
    assert.ok(op.byGuardian, 'a stranger tightens');
    const abi = abiOf('Breaker');
    const logs = parseEventLogs({ abi, logs: [...outcome.logs], eventName: 'Tightened' } as never);
    if ((logs as unknown[]).length === 0) {
      // Where those alone rest it is a vote, and one vote sets nothing.
      assert.equal(op.level, 1, 'two guardians set nothing');
      life.mark('only voted');
      return { outcome };
    }
    const nowTime = rig.venue.chain.time - 1;
    const entry = before.entries[op.scope]!;
    law(reached.verdicts, 'breakerTightens', {
      levelBefore: levelAt(before, op.scope, nowTime),
      levelAfter: op.level,
      untilBefore: entry[op.level - 1] ?? 0,
      untilAfter: nowTime + op.seconds,
      nowTime,
      secondsMax: holdSecondsMax,
    });
    life.mark(`level ${op.level}`);
  }
  return { outcome };
}

const breakerOf = ({ rig }: Life): { to: Address; abi: Abi } => {
  return { to: rig.venue.breaker, abi: abiOf('Breaker') };
};

async function clear(life: Life, op: Extract<Op, { op: 'clear' }>): Promise<Effect> {
  const { rig, clearings } = life;
  const from = op.byGovernor ? deployer : stranger;
  const name = op.propose ? 'proposeClear' : 'applyClear';
  if (op.late && !op.propose) waitUntil(life, (clearings.get(op.scope) ?? 0) + clearDelaySeconds);
  const outcome = await rig.call(name, [op.scope], from, breakerOf(life));
  if (!outcome.ok) return { outcome };
  const time = rig.venue.chain.time - 1;
  if (op.propose) {
    assert.ok(op.byGovernor, 'a stranger proposes');
    clearings.set(op.scope, time);
    return { outcome };
  }
  const proposed = clearings.get(op.scope);
  assert.ok(proposed !== undefined, 'cleared without a proposal');
  assert.ok(time >= proposed + clearDelaySeconds, 'cleared without the delay');
  clearings.delete(op.scope);
  life.mark('cleared');
  return { outcome };
}

/** Maintenance margin waits whichever way it goes; nothing else is asked for. */
async function govern(
  life: Life,
  op: Extract<Op, { op: 'govern' }>,
  before: Seen,
  after: () => Promise<Seen>,
): Promise<Effect> {
  const { rig, proposals } = life;
  const { maintenancePpm } = op;
  const params = { ...before.params[op.market]!, maintenancePpm };
  const how = { to: rig.venue.parameters, abi: abiOf('Parameters') };
  if (op.late && op.apply) waitUntil(life, (proposals.get(op.market)?.time ?? 0) + delaySeconds);
  const outcome = op.apply
    ? await rig.call('applyMarket', [op.market], stranger, how)
    : await rig.call('proposeMarket', [op.market, params], deployer, how);
  if (!outcome.ok) return { outcome };
  const time = rig.venue.chain.time - 1;
  const now = (await after()).params[op.market]!.maintenancePpm;
  const old = before.params[op.market]!.maintenancePpm;
  if (op.apply) {
    const asked = proposals.get(op.market);
    assert.ok(asked !== undefined, 'applied without a proposal');
    assert.ok(time >= asked.time + delaySeconds, 'applied before its delay');
    assert.ok(time <= asked.time + delaySeconds + expirySeconds, 'applied when it was dead');
    assert.equal(now, asked.maintenancePpm, 'another tuple was applied');
    proposals.delete(op.market);
    life.mark('loosened after the delay');
  } else {
    assert.equal(now, old, 'maintenance margin changed at once');
    if (maintenancePpm === old) proposals.delete(op.market);
    else proposals.set(op.market, { time, maintenancePpm });
  }
  return { outcome };
}

export const controlActs: Acts<
  | 'cancelLane'
  | 'cancelAll'
  | 'wait'
  | 'request'
  | 'execute'
  | 'freeze'
  | 'tighten'
  | 'clear'
  | 'govern'
> = {
  cancelLane,
  async cancelAll(life, { who, stolen }) {
    const { rig } = life;
    const id = userOf(life, who);
    const owner = rig.owner(userOf(life, who + (stolen ? 1 : 0)));
    const outcome = await rig.call('cancelAll', [id], owner);
    if (outcome.ok) assert.equal(owner, rig.owner(id), 'a stranger cancels');
    return { outcome, free: [id] };
  },
  async wait(life, { seconds }) {
    life.rig.venue.chain.time += seconds;
    // Something must be mined for time to pass.
    const outcome = await life.rig.call('flag', [life.rig.users[0], '0x'], stranger);
    return { outcome: { ...outcome, ok: true } };
  },
  request,
  execute,
  freeze,
  tighten,
  clear,
  govern,
};

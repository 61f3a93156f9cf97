/** The breaker as a weapon: one key keeps people in for as long as it is let. */
import { breakerAbi } from '@holdfast/abi';
import { parseEventLogs } from 'viem';
import type { Ablation, Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const withdrawals = 257;
const none = { law: `0x${'00'.repeat(32)}`, blockNumber: 0n, values: [] };
const hours = 48;

/** Open for less than this is not open: nobody gets out in it. */
const gapSeconds = 300;

/** Longest time on end, minutes, for which withdrawals were tightened. */
async function minutesOnEnd(world: World): Promise<bigint> {
  const { breaker: address } = world.venue.contracts;
  const fromBlock = `0x${(world.origin.block + 1).toString(16)}`;
  const raw = await world.rpc('eth_getLogs', [{ address, fromBlock, toBlock: 'latest' }]);
  let [since, until, longest] = [0, 0, 0];
  for (const { eventName, args, blockNumber } of parseEventLogs({
    abi: breakerAbi,
    logs: raw as never[],
  })) {
    if (eventName !== 'Tightened' || args.scope !== withdrawals) continue;
    const hex = `0x${Number(blockNumber).toString(16)}`;
    const block = (await world.rpc('eth_getBlockByNumber', [hex, false])) as { timestamp: string };
    const now = Number(block.timestamp);
    if (now > until + gapSeconds) since = now;
    until = Math.max(until, Number(args.until));
    longest = Math.max(longest, until - since);
  }
  return BigInt(Math.ceil(longest / 60));
}

/** T_max of one guardian, minutes. */
const holdMax = async (world: World): Promise<bigint> =>
  ((await world.read('breaker', 'holdSecondsMax')) as bigint) / 60n;

/** Past the throttle and past the operator: asked for by the queue, executed by anyone when due. */
async function leave(world: World, day: number): Promise<void> {
  const { account, address } = world.person('alice');
  const value = (await world.read('forcedQueue', 'feeWei')) as bigint;
  const args = [account, world.tokens(2_000) / world.scale, address, BigInt(day)];
  const what = 'asks for 2000 by the queue';
  await world.call('alice', 'forcedQueue', 'requestWithdraw', args, { value, what });
  world.later(Number(await world.read('forcedQueue', 'deadlineSeconds')) + 2);
  const next = [BigInt(day), 0, 0n, '0x'];
  await world.call('keeper', 'clearingHouse', 'executeForced', next, { what: 'executes it' });
}

const withoutRest: Ablation = {
  kind: 'source',
  name: 'whoever holds, rests as long',
  contracts: ['Breaker'],
  edits: [
    {
      file: 'src/Guardians.sol',
      from: 'if (until <= since + secondsMax) return "";',
      to: 'if (until > since) return "";',
    },
    {
      file: 'src/Guardians.sol',
      from: 'uint256 rest = (before - since) * (actor == address(this) ? 2 : 1);',
      to: 'uint256 rest = 0;',
    },
  ],
};

export const breakerHeld: Attack = {
  kind: 'attack',
  name: 'breaker-held',
  title: 'One guardian keeps everybody in',
  story:
    'One of three guardians is the attacker’s and tightens withdrawals again and again for two ' +
    'days, whenever the breaker lets it. Alice takes money out every day, by the queue of forced ' +
    'requests, which is never under the breaker.',
  incidents: ['lesson 5 of the threats: halts hurt users'],
  control: 'each hold has a longest time, and whoever held rests as long before it holds again',
  invariants: ['I16'],
  bound: holdMax,
  harm: { unit: 'minutes on end', measure: minutesOnEnd },
  profitMin: 900n,
  async before(world) {
    await world.user('alice', 50_000);
    await world.user('bob', 50_000);
  },
  async run(world) {
    const wish = [withdrawals, 1, 6n * 3_600n, none];
    for (let hour = 0; hour < hours; hour += 2) {
      await world.attack('would keep withdrawals tight', () =>
        world.call('guardian-1', 'breaker', 'tighten', wish, { what: 'tightens for six hours' }),
      );
      if (hour % 24 === 2) await leave(world, (hour + 22) / 24);
      world.later(7_200);
    }
    await world.withdraw('bob', 500);
  },
  ablations: [withoutRest],
};

const byTurns: Ablation = {
  kind: 'source',
  name: 'guardians alone share one hold',
  contracts: ['Breaker'],
  edits: [
    {
      file: 'src/Guardians.sol',
      from: 'return actor == SILENCE || actor == address(this) ? actor : ALONE;',
      to: 'return actor;',
    },
  ],
};

export const breakerByTurns: Attack = {
  ...breakerHeld,
  name: 'breaker-by-turns',
  title: 'Two guardians keep everybody in by turns',
  story:
    'Two of three guardians are the attacker’s, and all three are a quorum here. They tighten ' +
    'withdrawals one after the other, for two days: when the one must rest the other begins.',
  control: 'guardians who act alone share one hold: when it ends, all of them rest as long',
  terms: { breaker: { quorumMin: 3 } },
  async run(world) {
    const wish = [withdrawals, 1, 6n * 3_600n, none];
    const start = world.memory.time;
    for (let turn = 0; turn < hours / 6; turn += 1) {
      const who = turn % 2 === 0 ? 'guardian-1' : 'guardian-2';
      await world.attack('would keep withdrawals tight', () =>
        world.call(who, 'breaker', 'tighten', wish, { what: 'tightens for six hours' }),
      );
      if (turn % 4 === 1) await leave(world, (turn + 3) / 4);
      // A little after the other one’s end, when its own rest is over.
      world.later(start + (turn + 1) * (6 * 3_600 + 10) - world.memory.time);
    }
    await world.withdraw('bob', 500);
  },
  ablations: [withoutRest, byTurns],
};

/** A sequencer that serves somebody no more. */
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';
const fee = 10n ** 14n;

/** Whether Bob is out: no position, and what he had in his wallet. */
async function outTime(world: World): Promise<bigint> {
  const step = world.memory.timeline.find(({ who, what }) => who === 'bob' && what === 'is out');
  return BigInt(step?.second ?? world.memory.time - world.origin.second);
}

/** Bob asks past the sequencer; a keeper executes as soon as the chain lets it. */
async function leaveByForce(world: World): Promise<void> {
  const { account, address } = world.person('bob');
  const id = world.market(market).id;
  const close = [account, id, true, BigInt(world.lots(market, 10)), 1];
  const all = [account, 2n ** 88n - 1n, address, 77n];
  await world.call('bob', 'forcedQueue', 'requestClose', close, { value: fee });
  await world.call('bob', 'forcedQueue', 'requestWithdraw', all, { value: fee });
  const [deadline, grace] = (await world.readMany([
    { contract: 'forcedQueue', functionName: 'deadlineSeconds' },
    { contract: 'forcedQueue', functionName: 'graceSeconds' },
  ])) as [number, number];
  await world.wait(deadline + 2);
  const report = world.report({ [market]: 3_000 });
  const taker = world.person('carol').account;
  const lots = BigInt(world.lots(market, 10));
  const first = [1n, taker, lots, report];
  const { ok } = await world.call('carol', 'clearingHouse', 'executeForced', first);
  if (!ok) await world.wait(grace + 2);
  const next = [2n, taker, lots, '0x'];
  const done = await world.call('carol', 'clearingHouse', 'executeForced', next);
  if (done.ok) world.note('step', 'bob', 'is out');
}

export const silentSequencer: Attack = {
  kind: 'attack',
  name: 'silent-sequencer',
  title: 'Censorship by the sequencer',
  story:
    'Bob wants to close and leave. The sequencer ignores his orders and his requests. He asks in ' +
    'the queue of the chain, and once the deadline has passed a stranger executes what he asked ' +
    'for, against the sequencer’s will. Measured is how long it took him.',
  incidents: ['Extended: forced requests switched off', 'Paradex: there are none'],
  control: 'after its deadline anybody executes a forced request',
  invariants: ['I16', 'I17'],
  // The deadline, and the blocks in which requests are made and executed.
  bound: async (world) => BigInt(Number(await world.read('forcedQueue', 'deadlineSeconds')) + 30),
  harm: { unit: 'seconds', measure: outTime },
  async before(world) {
    await world.user('alice', 100_000);
    await world.user('bob', 20_000);
    await world.user('carol', 100_000);
    await world.price({ [market]: 3_000 });
    await world.trade('bob', 'alice', { market, size: 10, price: 3_000 });
  },
  async run(world) {
    await world.attack('the sequencer ignores bob', () => leaveByForce(world));
    if (world.mode !== 'control') return;
    await world.trade('carol', 'bob', { market, size: 10, price: 3_000 });
    const free = (await world.read(
      'clearingHouse',
      'withdrawable',
      world.person('bob').account,
    )) as [bigint, bigint];
    await world.withdraw('bob', free[0]);
    world.note('step', 'bob', 'is out');
  },
  ablations: [
    {
      kind: 'source',
      name: 'anybody executes after the deadline',
      contracts: ['ForcedQueue'],
      edits: [
        {
          file: 'src/ForcedQueue.sol',
          from: 'if (\n            LawLib.forcedInTurn(',
          to: 'if (bySequencer &&\n            LawLib.forcedInTurn(',
        },
      ],
    },
  ],
};

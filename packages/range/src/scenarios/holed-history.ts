/** A sequencer that tells a history with holes. */
import { clearingHouseAbi } from '@holdfast/abi';
import { parseEventLogs } from 'viem';
import type { Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';

/** Batches whose number does not follow that of the batch before. */
async function holes(world: World): Promise<bigint> {
  const { clearingHouse: address } = world.venue.contracts;
  const raw = (await world.rpc('eth_getLogs', [{ address, fromBlock: '0x0' }])) as never[];
  const numbers = parseEventLogs({ abi: clearingHouseAbi, logs: raw, eventName: 'Settled' }).map(
    ({ args }) => args.number,
  );
  return BigInt(numbers.filter((each, i) => each !== (numbers[i - 1] ?? 0n) + 1n).length);
}

export const holedHistory: Attack = {
  kind: 'attack',
  name: 'holed-history',
  title: 'A history with holes',
  story:
    'The sequencer leaves a batch out, sends one twice, and builds on a head that never was: ' +
    'what it had promised in a receipt could vanish without a trace.',
  incidents: [],
  control: 'the chain of batches is contiguous in number and in head',
  invariants: ['I17'],
  bound: 0n,
  harm: { unit: 'holes', measure: holes },
  async before(world) {
    await world.user('alice', 100_000);
    await world.user('bob', 100_000);
  },
  async run(world) {
    await world.price({ [market]: 3_000 });
    const wish = { market, size: 1, price: 3_000 } as const;
    const pair = async () => ({
      maker: await world.order('alice', { ...wish, side: 'sell' }),
      taker: await world.order('bob', { ...wish, side: 'buy' }),
    });
    await world.settle([await pair()]);
    await world.attack('tells another history', async () => {
      await world.settle([await pair()], { number: 9, what: 'settles batch 9 after batch 1' });
      await world.settle([await pair()], { number: 1, what: 'settles batch 1 again' });
      const previous = `0x${'11'.repeat(32)}` as const;
      await world.settle([await pair()], { previous, what: 'settles upon another head' });
    });
    await world.settle([await pair()]);
  },
  ablations: [
    {
      kind: 'source',
      name: 'batches are contiguous',
      contracts: ['ClearingHouse'],
      edits: [
        {
          file: 'src/Settlement.sol',
          from: 'if (!LawLib.batchContiguous(batch.number, last, batch.previous, previous)) {',
          to: 'if (false) {',
        },
      ],
    },
  ],
};

/** One reporter's key is stolen: what one key says moves nothing. */
import { decodeReport, encodeReport } from '@holdfast/oracle';
import { fromHex, type Hex, isRejection, toHex } from '@holdfast/units';
import type { Ablation, Attack } from '../types.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';
const thief = 'reporter-1';

/** The same observation three times: three signatures, one signer. */
function repeated(report: Hex): Hex {
  const decoded = decodeReport(fromHex(report));
  if (isRejection(decoded)) throw new Error(decoded.message);
  const [only] = decoded.observations;
  if (only === undefined) throw new Error('a report has an observation');
  return toHex(encodeReport({ ...decoded, observations: [only, only, only] }));
}

/** A report reaches the chain with a withdrawal of one token: anyone may do that. */
const carry = (world: World, report: Hex) => world.withdraw('mallory', 1, report);

async function liquidateBob(world: World): Promise<void> {
  for (let part = 0; part < 8; part++) {
    const { ok } = await world.liquidate('mallory', 'bob', market, 10);
    if (!ok) return;
  }
}

/** Reports without a quorum of signatures are as good as others. */
export const withoutQuorum: Ablation = {
  kind: 'source',
  name: 'a report needs a quorum',
  contracts: ['QuorumVerifier'],
  edits: [
    {
      file: 'src/QuorumVerifier.sol',
      from: 'if (shape.signers < quorum) revert QuorumShort(shape.signers, quorum);',
      to: '',
    },
  ],
};

export const oneOracleKey: Attack = {
  kind: 'attack',
  name: 'one-oracle-key',
  title: 'One oracle key',
  story:
    'The attacker has the key of one of five reporters. It signs a fall (to a twentieth at once, ' +
    'then step by step inside the band), repeats its own signature to look like three, and lies ' +
    'inside an honest report; then it would liquidate Bob at the false price.',
  incidents: ['KiloEx 2025-04, $7.5M: a forged forwarder reached the price sink'],
  control: 'a report needs three of five signatures; the price is their lower median',
  invariants: ['I4', 'I9'],
  bound: 0n,
  profitMin: 1_000_000_000n,
  async before(world) {
    await world.user('alice', 400_000);
    await world.user('bob', 5_000);
    await world.attacker('mallory', 400_000);
    await world.price({ [market]: 3_000 });
    await world.trade('bob', 'alice', { market, size: 10, price: 3_000 });
  },
  async run(world) {
    await world.price({ [market]: 3_000 });
    await world.attack('signs false prices with one key', async () => {
      const alone = { signers: [thief] };
      await carry(world, world.report({ [market]: 150 }, alone));
      await carry(world, repeated(world.report({ [market]: 2_700 }, alone)));
      const forged = { signers: [thief, 'mallory', 'mallory-2'] };
      await carry(world, world.report({ [market]: 2_700 }, forged));
      const lie = { lies: { [thief]: { [market]: 150 } } };
      await carry(world, world.report({ [market]: 3_000 }, lie));
      await carry(world, world.report({ [market]: 2_700 }, alone));
      await carry(world, world.report({ [market]: 2_511 }, alone));
      await liquidateBob(world);
    });
    await world.price({ [market]: 3_000 });
  },
  ablations: [withoutQuorum],
};

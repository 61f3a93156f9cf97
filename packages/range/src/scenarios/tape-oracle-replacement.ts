/** The reporters are replaced: a new verifier, proposed, waited for, applied; nobody notices. */
import { quorumVerifierAbi, quorumVerifierBytecode } from '@holdfast/abi';
import { invariant } from '@holdfast/units';
import { type Abi, encodeDeployData } from 'viem';
import type { Tape } from '../types.ts';
import { rangeMarkets, reporterNames, reportQuorum } from '../world/stack.ts';
import type { World } from '../world/world.ts';

const market = 'ETH-USD';
const successors = ['reporter-6', 'reporter-7', 'reporter-8', 'reporter-9'];
const daySeconds = 86_400;
const hourSeconds = 3_600;

/** A verifier of the last old reporter and four new ones. */
async function createVerifier(world: World) {
  const names = [...reporterNames.slice(4), ...successors];
  const signers = names.map((name) => world.key(name).address);
  signers.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const args = [BigInt(reportQuorum), signers];
  const abi = quorumVerifierAbi as Abi;
  const data = encodeDeployData({ abi, bytecode: quorumVerifierBytecode, args });
  const { created } = await world.send('deployer', 'creates the verifier of the successors', {
    data,
  });
  invariant(created !== undefined, 'the verifier could not be created');
  return created;
}

export const oracleReplacement: Tape = {
  kind: 'tape',
  name: 'tape-oracle-replacement',
  title: 'The price sources are replaced',
  story:
    'Four of five reporters are replaced by others: governance proposes a verifier, prices go on ' +
    'from the old ones for the day of its delay, anyone applies it, and the next report is ' +
    'signed by the new ones. Users trade before, between and after.',
  // A report an hour is enough for a story.
  terms: { markets: rangeMarkets().map((each) => ({ ...each, priceAgeSecondsMax: 7_200 })) },
  async before(world) {
    for (const name of ['ann', 'ben']) await world.user(name, 200_000);
    await world.price({ [market]: 3_000 });
    await world.trade('ann', 'ben', { market, size: 10, price: 3_000 });
  },
  async run(world) {
    await world.price({ [market]: 3_000 });
    const verifier = await createVerifier(world);
    await world.call('governor', 'oracle', 'proposeVerifier', [verifier]);
    for (let waited = 0; waited < daySeconds; waited += hourSeconds) {
      await world.wait(hourSeconds);
      await world.price({ [market]: 3_000 + waited / hourSeconds });
      if (waited === 5 * hourSeconds)
        await world.trade('ben', 'ann', { market, size: 2, price: 3_005 });
    }
    await world.call('keeper', 'oracle', 'applyVerifier');
    await world.price({ [market]: 3_020 }, { signers: successors.slice(0, 3), verifier });
    await world.trade('ann', 'ben', { market, size: 2, price: 3_020 });
    const mixed = ['reporter-5', ...successors.slice(2)];
    await world.price({ [market]: 3_021 }, { signers: mixed, verifier });
    await world.withdraw('ben', 20_000);
  },
};

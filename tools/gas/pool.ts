/**
 * A pool's epochs, with proofs of any statement by a key whose toxic waste is known: a verifier on
 * chain cannot tell, and spends the same.
 */
import {
  branchOf,
  challengeOf,
  circuitIdOf,
  domainOf,
  fieldPrime,
  fingerprint,
  keyFrom,
  leafOf,
  type Member,
  marginVector,
  nobody,
  proofFrom,
  proofWords,
  solvencyVector,
  treeOf,
} from '@holdfast/proof';
import { bn254 } from '@noble/curves/bn254.js';
import { type Address, decodeEventLog, type Hex } from 'viem';
import { artifact, type Chain, chainId, deploy, deployer, startChain, transact } from './chain.ts';
import { call, deployVenue, fund, report } from './venue.ts';

type G1 = { toAffine(): { x: bigint; y: bigint } };
const { Fr } = bn254.fields;
const g1 = (k: bigint): bigint[] => {
  const { x, y } = (bn254.G1.Point.BASE.multiply(Fr.create(k)) as G1).toAffine();
  return [x, y];
};
const g2 = (k: bigint): bigint[] => {
  const { x, y } = bn254.G2.Point.BASE.multiply(k).toAffine();
  return [x.c1, x.c0, y.c1, y.c0];
};

const [alpha, beta, gamma, delta] = [2n, 7n, 11n, 13n] as const;
const weights = [17n, 19n, 23n, 29n] as const;
const keyWords = [g1(alpha), g2(beta), g2(gamma), g2(delta), ...weights.map(g1)].flat();
const circuitId = circuitIdOf(keyFrom(keyWords) as NonNullable<ReturnType<typeof keyFrom>>);

/** A proof of a vector: A = 3 G1, B = 5 G2, and the C that the equation leaves. */
function provenOf(vector: readonly bigint[]) {
  const { h, r, s } = fingerprint(circuitId, vector);
  const sum = weights[0] + weights[1] * h + weights[2] * r + weights[3] * s;
  const c = Fr.div(Fr.create(15n - alpha * beta - sum * gamma), delta);
  const proof = [...g1(3n), ...g2(5n), ...g1(c)];
  return { vectorHash: h, proof: proofWords(proofFrom(proof) as never) };
}

type Snapshot = {
  readonly number: number;
  readonly memberCount: number;
  readonly context: readonly bigint[];
  readonly totalCash: bigint;
  readonly totalSizes: readonly bigint[];
};
type Made = { readonly chain: Chain; readonly pool: Address; readonly registry: Address };
const zeros = Array.from({ length: 16 }, () => 0n);
const own: Member = { key: 5n, salt: 6n, cash: 1_000n << 32n, sizes: zeros };

async function made(chain: Chain, size: number): Promise<Made> {
  const venue = await deployVenue(chain);
  await fund(venue, 10n ** 15n);
  await call(venue, 'push', [report(venue, 1_000_000)]);
  const verifier = await deploy(chain, 'Groth16', [keyWords, true]);
  const poseidon = await deploy(chain, 'PoseidonT3', []);
  const config = {
    house: venue.clearingHouse,
    poseidon,
    operator: deployer,
    governor: deployer,
    delaySeconds: 86_400,
    freshSeconds: 600,
    exitSeconds: 7_200,
  };
  const circuits = { solvency: verifier, margin: verifier, chunkMembers: size };
  const pool = await deploy(chain, 'ConfidentialPool', [config, [0], circuits]);
  await transact(chain, { name: 'IConfidentialPool', address: pool }, 'join', [own.key, '0x']);
  const { abi } = artifact('IConfidentialPool');
  const registry = await chain.client.readContract({
    address: pool,
    abi,
    functionName: 'registry',
  });
  return { chain, pool, registry: registry as Address };
}

async function snapshotOf({ chain, registry }: Made): Promise<{ id: bigint; snapshot: Snapshot }> {
  const { abi } = artifact('IProofRegistry');
  const logs = await chain.client.getLogs({ address: registry });
  const { data, topics } = logs.at(-1) as { data: Hex; topics: [Hex, ...Hex[]] };
  const { args } = decodeEventLog({ abi, data, topics });
  return args as never;
}

/** Gas of opening an epoch and of proving its one chunk of `size` places. */
async function prove(at: Made, size: number) {
  const registry = { name: 'IProofRegistry', address: at.registry };
  const open = await transact(at.chain, registry, 'openEpoch', ['0x']);
  const { id, snapshot } = await snapshotOf(at);
  const leaves = Array.from({ length: size }, (_, i) => leafOf(i === 0 ? own : nobody));
  const levels = treeOf(leaves);
  const root = levels.at(-1)?.[0] as bigint;
  const domain = domainOf(BigInt(chainId), BigInt(at.pool), circuitId);
  const { context, totalCash, totalSizes } = snapshot;
  const vector = solvencyVector({
    domain,
    epoch: id,
    chunkIndex: 0,
    memberCount: 1,
    sumsBefore: 0n,
    sumsAfter: fieldPrime - 1n,
    chunkRoot: root,
    keys: leaves.map((_, i) => (i === 0 ? own.key : 0n)),
    context,
    totals: { cash: totalCash, sizes: totalSizes },
  });
  const chunk = { index: 0, sumsNext: fieldPrime - 1n, ...provenOf(vector), leaves };
  const submit = await transact(at.chain, registry, 'submitChunk', [snapshot, chunk]);
  return { open, submit, id, snapshot, levels, root, domain };
}

/** Gas by name. */
export async function measurePool(): Promise<Record<string, number>> {
  const result: Record<string, number> = {};
  for (const size of [4, 16]) {
    const chain = await startChain();
    try {
      const at = await made(chain, size);
      await prove(at, size);
      // The second one: the first writes what later ones change.
      const { open, submit, id, snapshot, levels, root, domain } = await prove(at, size);
      result['pool.openEpoch'] = open;
      result[`pool.submitChunk.${size}`] = submit;
      const asked = { requester: BigInt(deployer), nonce: 9n, expiry: BigInt(chain.time + 60) };
      const verifier = BigInt(deployer);
      const challenge = challengeOf({ chainId: BigInt(chainId), verifier, ...asked });
      const said = { kind: 'initial', threshold: 0n, nullifier: 4_321n } as const;
      const facts = { domain, verifier, challenge, epoch: id, chunkIndex: 0, chunkRoot: root };
      const vector = marginVector({ ...facts, ...asked, ...said, context: snapshot.context });
      const claim = { ...asked, requester: deployer, chunk: 0, ...said, kind: 1 };
      const registry = { name: 'IProofRegistry', address: at.registry };
      const args = [snapshot, { ...claim, ...provenOf(vector) }];
      result['pool.verifyMargin'] = await transact(chain, registry, 'verifyMargin', args);
      chain.time += 7_300;
      const pool = { name: 'IConfidentialPool', address: at.pool };
      await transact(chain, pool, 'lapse', []);
      const { siblings } = branchOf(levels, 0);
      const opening = { salt: own.salt, cash: own.cash, sizes: own.sizes, siblings };
      const exit = await transact(chain, pool, 'proveExit', [snapshot, opening]);
      result[`pool.proveExit.${size}`] = exit;
    } finally {
      chain.process.kill('SIGKILL');
    }
  }
  return result;
}

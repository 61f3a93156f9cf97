/**
 * Reports under one group signature beside reports of a quorum, each verified in a transaction of
 * its own, and the library that both would share with the treasury.
 */
import {
  assembleReport,
  encodeReport,
  encodeSignedReport,
  type Observation,
  observationDigest,
  oracleDomain,
  oracleDomainSeparator,
  reportDigest,
  reportDomain,
  reportDomainSeparator,
} from '@holdfast/oracle';
import { addressOf, signDigest } from '@holdfast/order';
import { registryDomain, registryTypes } from '@holdfast/party';
import { fromHex, isRejection, keccak256, toHex, utf8 } from '@holdfast/units';
import { type Address, getContractAddress, type Hex, hashTypedData } from 'viem';
import { type Secret, secretOf, signGroup } from '../group-signer.ts';
import { artifact, type Chain, chainId, deploy, deployer, startChain, transact } from './chain.ts';

/** Number of the oracle's committee. */
export const oracleId = 2;
const delays = [86_400n, 604_800n] as const;
/** The committee's secret, which in earnest nobody has. */
export const committee: Secret = secretOf(keccak256(utf8('oracle committee')));

function sign(digest: Uint8Array) {
  const { rx, ry, z } = signGroup(committee, digest);
  return { rx, ry, z };
}

/** Arguments of the registry that will be at `verifyingContract`: the oracle's key in force. */
export function registryArgs(verifyingContract: Address) {
  const { x, y } = committee;
  const roster = toHex(keccak256(utf8('roster')));
  const candidate = { x, isOdd: y % 2n === 1n, threshold: 3, size: 5, roster };
  const digest = hashTypedData({
    domain: registryDomain(chainId, verifyingContract),
    types: registryTypes,
    primaryType: 'ProofOfLife',
    message: { committee: oracleId, generation: 1, ...candidate },
  });
  const founding = { id: oracleId, candidate, life: sign(fromHex(digest)) };
  // Governor and guardians are asked for nothing here.
  return [deployer, deployer, ...delays, [founding]] as const;
}

export async function deployCommittees(chain: Chain): Promise<Address> {
  const nonce = await chain.client.getTransactionCount({ address: deployer });
  const address = getContractAddress({ from: deployer, nonce: BigInt(nonce) });
  return deploy(chain, 'Committees', registryArgs(address));
}

const observed = (markets: number, time: number): Observation =>
  ({
    round: 1,
    time,
    quotes: Array.from({ length: markets }, (_, market) => ({
      market,
      price: 1_000_000 + market,
      mark: 1_000_100 + market,
      rate: 1_234,
    })),
  }) as never;

/** Three of five reporters. */
function quorumReport(verifier: Address, keys: readonly Uint8Array[], of: Observation): Hex {
  const digest = observationDigest(oracleDomainSeparator(oracleDomain(chainId, verifier)), of);
  const signed = keys.slice(0, 3).map((key) => ({
    ...of,
    signer: addressOf(key),
    signature: signDigest(digest, key),
  }));
  const report = assembleReport(signed, 3);
  if (isRejection(report)) throw new Error(report.message);
  return toHex(encodeReport(report));
}

/** A report that the committee has signed. */
export function committeeReport(verifier: Address, of: Observation): Hex {
  const digest = reportDigest(reportDomainSeparator(reportDomain(chainId, verifier)), of);
  const report = encodeSignedReport({ ...of, signature: signGroup(committee, digest).bytes });
  if (isRejection(report)) throw new Error(report.message);
  return toHex(report);
}

/** The library alone: what it costs a contract to ask it. */
async function measureLibrary(chain: Chain): Promise<number> {
  const address = await deploy(chain, 'SchnorrHarness', []);
  const { x, y } = committee;
  const digest = keccak256(utf8('measured'));
  const [ok, used] = (await chain.client.readContract({
    address,
    abi: artifact('SchnorrHarness').abi,
    functionName: 'measured',
    args: [{ x, isOdd: y % 2n === 1n }, toHex(digest), sign(digest)],
  })) as [boolean, bigint];
  if (!ok) throw new Error('the harness does not take the signature');
  return Number(used);
}

/** Whole transactions: one report of one market and of four, by either verifier. */
export async function measureCommittee(): Promise<Record<string, number>> {
  const chain = await startChain();
  try {
    const registry = await deployCommittees(chain);
    const verifier = await deploy(chain, 'CommitteeVerifier', [registry, oracleId]);
    const keys = Array.from({ length: 5 }, (_, i) => keccak256(utf8(`reporter ${i}`))).sort(
      (a, b) => (addressOf(a) < addressOf(b) ? -1 : 1),
    );
    const quorum = await deploy(chain, 'QuorumVerifier', [3, keys.map(addressOf)]);
    const result: Record<string, number> = { 'schnorr.isSigned': await measureLibrary(chain) };
    for (const markets of [1, 4]) {
      const of = observed(markets, chain.time);
      const reports = {
        quorum: ['QuorumVerifier', quorum, quorumReport(quorum, keys, of)],
        committee: ['CommitteeVerifier', verifier, committeeReport(verifier, of)],
      } as const;
      for (const [by, [name, address, report]] of Object.entries(reports)) {
        const gas = await transact(chain, { name, address }, 'verify', [report]);
        result[`report.${by}.${markets}Markets`] = gas;
      }
    }
    return result;
  } finally {
    chain.process.kill('SIGKILL');
  }
}

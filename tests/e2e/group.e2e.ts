/** Group signatures and the reports under them: TypeScript and @noble/curves against the EVM. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  committeesAbi,
  committeesBytecode,
  committeeVerifierAbi,
  committeeVerifierBytecode,
  schnorrHarnessBytecode,
} from '@holdfast/abi';
import {
  decodeSignedReport,
  encodeSignedReport,
  expandSignature,
  type Observation,
  reportDigest,
  reportDomain,
  reportDomainSeparator,
  verifySignedReport,
} from '@holdfast/oracle';
import { fromHex, isRejection, keccak256, toHex, utf8 } from '@holdfast/units';
import { secp256k1, secp256k1_FROST } from '@noble/curves/secp256k1.js';
import {
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  getContractAddress,
  type Hex,
} from 'viem';
import { chainId, deployer } from '../../tools/gas/chain.ts';
import { committee, registryArgs } from '../../tools/gas/committee.ts';
import { secretOf, signGroup } from '../../tools/group-signer.ts';
import { compare, createDice, type Dice, operation } from './harness/differential.ts';
import { type Evm, startEvm } from './harness/evm.ts';

const seed = 20_261_126;
const { Point } = secp256k1;
const order = Point.Fn.ORDER;
const prime = Point.Fp.ORDER;

type Case = { readonly words: readonly bigint[]; readonly isSigned: boolean };

const wordOf = (bytes: Uint8Array): bigint => BigInt(toHex(bytes));
const bytesOf = (word: bigint): Uint8Array =>
  fromHex(`0x${BigInt.asUintN(256, word).toString(16).padStart(64, '0')}`);

/** What the library says of the six words; what is no point or no scalar is not signed. */
function judged(words: readonly bigint[]): boolean {
  const [x, isOdd, digest, rx, ry, z] = words as [bigint, bigint, bigint, bigint, bigint, bigint];
  try {
    const r = Point.fromAffine({ x: rx, y: ry });
    r.assertValidity();
    const key = Uint8Array.of(isOdd === 1n ? 3 : 2, ...bytesOf(x));
    const signature = Uint8Array.of(...r.toBytes(true), ...bytesOf(z));
    return secp256k1_FROST.verify(signature, bytesOf(digest), key);
  } catch {
    return false;
  }
}

/** A signature, or one with a word that is another: a bit, the order, the prime, the mirror. */
function sample(dice: Dice): Case {
  const own = secretOf(keccak256(utf8(`secret ${dice.below(2 ** 32)}`)));
  const digest = keccak256(utf8(`digest ${dice.below(2 ** 32)}`));
  const signature = expandSignature(signGroup(own, digest).bytes);
  assert.ok(!isRejection(signature));
  const part = (at: number) => wordOf(signature.subarray(32 * at, 32 * at + 32));
  const words = [own.x, own.y % 2n, wordOf(digest), part(0), part(1), part(2)];
  if (dice.oneIn(4)) return { words, isSigned: true };
  const place = dice.below(6);
  const before = words[place]!;
  const others = [
    before ^ (1n << BigInt(dice.below(256))),
    before + order,
    before + prime,
    prime - before,
    order - before,
    0n,
    order,
    prime,
  ];
  words[place] = place === 1 ? before ^ 1n : BigInt.asUintN(256, dice.pick(others));
  return { words, isSigned: judged(words) };
}

const schnorr = operation<Case, unknown>({
  name: 'schnorr',
  bytecode: schnorrHarnessBytecode,
  count: 400,
  sample,
  encode: ({ words }) => words,
  evaluate: ({ isSigned }) => [isSigned],
});

describe('group signatures: @noble/curves and the EVM agree', () => {
  let evm: Evm;
  let verifier: Hex;

  before(async () => {
    evm = await startEvm();
    const registry = getContractAddress({ from: deployer, nonce: 0n });
    const args = registryArgs(registry);
    const abi = committeesAbi;
    await evm.deploy(encodeDeployData({ abi, bytecode: committeesBytecode, args }));
    const [bytecode, of] = [committeeVerifierBytecode, committeeVerifierAbi];
    verifier = await evm.deploy(encodeDeployData({ abi: of, bytecode, args: [registry, 2] }));
  });
  after(() => evm.stop());

  it('on signatures, right and wrong', async () => {
    const address = await evm.deploy(schnorrHarnessBytecode);
    const options = { seed, rules: undefined, keep: 1 };
    const { compared, kept } = await compare(evm, address, schnorr, options);
    assert.equal(compared, schnorr.count);
    const answers = kept[0]?.answer.match(/.{64}/g) ?? [];
    const signed = answers.filter((word) => BigInt(`0x${word}`) === 1n).length;
    assert.ok(signed > 50 && signed < 200, `${signed} of ${answers.length} are signed`);
  });

  it('on reports, whole and with another byte or length', async () => {
    const dice = createDice(seed);
    const separator = reportDomainSeparator(reportDomain(chainId, verifier));
    const group = { key: committee.compressed, separator };
    const [functionName, abi] = ['verify', committeeVerifierAbi] as const;
    const seen = new Map<string, number>();
    for (let i = 0; i < 60; i += 1) {
      const bytes = reportBytes(dice, separator);
      const report = decodeSignedReport(bytes);
      const verdict = isRejection(report) ? report : verifySignedReport(report, group);
      const name = verdict?.code ?? 'taken';
      seen.set(name, (seen.get(name) ?? 0) + 1);
      const data = encodeFunctionData({ abi, functionName, args: [toHex(bytes)] });
      const answer = await evm.call(verifier, data).catch((error: Error) => error);
      if (verdict !== undefined || isRejection(report)) {
        assert.ok(answer instanceof Error, `the chain takes a report that is ${name}`);
        continue;
      }
      assert.ok(!(answer instanceof Error), `${answer}`);
      const got = decodeFunctionResult({ abi, functionName, data: answer });
      const { round, time, quotes } = report;
      assert.deepEqual([got.round, got.time], [Number(round), Number(time)]);
      assert.deepEqual(
        got.markets.map((market, m) => [market, got.prices[m], got.marks[m], got.rates[m]]),
        quotes.map(({ market, price, mark, rate }) => [market, price, mark, rate].map(Number)),
      );
    }
    for (const name of ['taken', 'SignatureWrong', 'ReportMalformed', 'MarketsUnordered']) {
      assert.ok((seen.get(name) ?? 0) > 2, `${name} is not among ${[...seen.keys()]}`);
    }
  });
});

/** A signed report; two of three times with a byte or the length changed. */
function reportBytes(dice: Dice, separator: Uint8Array): Uint8Array {
  const quotes = Array.from({ length: dice.between(1, 4) }, (_, market) => ({
    market: market * 3,
    price: dice.below(2 ** 32),
    mark: dice.below(2 ** 32),
    rate: dice.below(2 ** 32) - 2 ** 31,
  }));
  const of = { round: dice.below(2 ** 32), time: dice.below(2 ** 40), quotes } as never;
  const report: Observation = of;
  const signature = signGroup(committee, reportDigest(separator, report)).bytes;
  const bytes = encodeSignedReport({ ...report, signature });
  assert.ok(!isRejection(bytes));
  if (dice.oneIn(3)) return bytes;
  if (dice.oneIn(4)) return bytes.slice(0, dice.below(bytes.length));
  // The id of the last market or any byte.
  const place = dice.oneIn(3) ? 10 + 13 * (quotes.length - 1) : dice.below(bytes.length);
  bytes[place] = bytes[place]! ^ (1 << dice.below(8));
  if (place === 10 + 13 * (quotes.length - 1) && dice.oneIn(2)) bytes[place] = 0;
  return bytes;
}

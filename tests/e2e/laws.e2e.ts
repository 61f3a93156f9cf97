import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { type Input, LAWS, type Law, lawOf, numberOf, verdict } from '@holdfast/laws';
import { type AbiParameter, encodeAbiParameters, encodeFunctionData, type Hex } from 'viem';
import { snapshotInputs } from '../../packages/laws/src/emit-laws.ts';
import { generate } from '../../packages/laws/src/generate.ts';
import { type InputType, isInt, isScalarLaw } from '../../packages/laws/src/law.ts';
import { fast, inputsOf } from '../../packages/laws/test/support.ts';
import { type Evm, startEvm } from './harness/evm.ts';

const total = 20_000;
const perLaw = Math.ceil(total / LAWS.length);
const perCall = 250;

const judgeManyAbi = [
  {
    type: 'function',
    name: 'judgeMany',
    stateMutability: 'pure',
    inputs: [
      { name: 'law', type: 'uint256' },
      { name: 'inputs', type: 'bytes[]' },
    ],
    outputs: [{ name: 'verdicts', type: 'bytes' }],
  },
] as const;

/** Creation code of the generated contract, compiled here so that it is never a stale one. */
function compileLaws(): Hex {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string };
  const files = Object.entries(generate()).filter(([path]) => path.endsWith('.sol'));
  const named = files.map(([path, content]) => [path.split('/').at(-1), { content }]);
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(named),
    settings: {
      viaIR: true,
      evmVersion: 'prague',
      optimizer: { enabled: true, runs: 1_000_000 },
      outputSelection: { 'Laws.sol': { Laws: ['evm.bytecode.object'] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const errors = (output.errors ?? []).filter((e: { severity: string }) => e.severity === 'error');
  assert.deepEqual(errors, []);
  return `0x${output.contracts['Laws.sol'].Laws.evm.bytecode.object}`;
}

/** Every number as a word, so that a value outside its width still encodes. */
function abiOf(name: string, type: InputType): AbiParameter {
  if (isInt(type)) return { name, type: `${type.kind}256` };
  if (type.kind === 'bool' || type.kind === 'bytes32') return { name, type: type.kind };
  const record = type.kind === 'list' ? type.of : type;
  const components = Object.entries(record.fields).map(([field, inner]) => abiOf(field, inner));
  return { name, type: type.kind === 'list' ? 'tuple[]' : 'tuple', components };
}

function wordsOf(type: InputType, value: unknown): unknown {
  if (isInt(type)) return BigInt(value as number | bigint);
  if (type.kind === 'list') return (value as unknown[]).map((item) => wordsOf(type.of, item));
  if (type.kind !== 'record') return value;
  const entries = Object.entries(type.fields).map(([name, field]) => [
    name,
    wordsOf(field, (value as Record<string, unknown>)[name]),
  ]);
  return Object.fromEntries(entries);
}

function encode(inputs: Readonly<Record<string, InputType>>, values: Input): Hex {
  const entries = Object.entries(inputs);
  return encodeAbiParameters(
    entries.map(([name, type]) => abiOf(name, type)),
    entries.map(([name, type]) => wordsOf(type, values[name])),
  );
}

/** An unsigned field below zero has no word: the type of the caller already refuses it. */
function encodable(type: InputType, value: unknown): boolean {
  if (type.kind === 'uint') return BigInt(value as number | bigint) >= 0n;
  if (type.kind === 'list') return (value as unknown[]).every((item) => encodable(type.of, item));
  if (type.kind !== 'record') return true;
  const record = value as Record<string, unknown>;
  return Object.entries(type.fields).every(([name, field]) => encodable(field, record[name]));
}

function encodableInputs(law: Law, count: number): Input[] {
  const inputs = inputsOf(law, count * 2, 4_711).filter((input) =>
    Object.entries(law.inputs).every(([name, type]) => encodable(type, input[name])),
  );
  assert.ok(inputs.length >= count, `${law.id}: only ${inputs.length} inputs`);
  return inputs.slice(0, count);
}

describe('laws: TypeScript and the EVM give the same verdicts', () => {
  let evm: Evm;
  let laws: Hex = '0x';
  const call = (data: Hex): Promise<Hex> => evm.call(laws, data);

  before(async () => {
    evm = await startEvm();
    laws = await evm.deploy(compileLaws());
  });
  after(() => evm.stop());

  async function evmVerdicts(law: Law, inputs: readonly Input[]): Promise<boolean[]> {
    const verdicts: boolean[] = [];
    for (let at = 0; at < inputs.length; at += perCall) {
      const encoded = inputs.slice(at, at + perCall).map((input) => encode(law.inputs, input));
      const args = [BigInt(numberOf(law)), encoded] as const;
      const data = encodeFunctionData({ abi: judgeManyAbi, functionName: 'judgeMany', args });
      // bytes: offset word, length word, then one byte for each verdict.
      const answer = (await call(data)).slice(2 + 128);
      for (let i = 0; i < encoded.length; i++) {
        verdicts.push(answer.slice(2 * i, 2 * i + 2) === '01');
      }
    }
    return verdicts;
  }

  for (const law of LAWS) {
    it(`${law.id} ${law.name}: ${perLaw} snapshots`, async () => {
      const inputs = encodableInputs(law, perLaw);
      const onChain = await evmVerdicts(law, inputs);
      const check = fast(law);
      inputs.forEach((input, i) => {
        const found = [verdict(law, input), check(input)];
        assert.deepEqual(found, [onChain[i], onChain[i]], `${law.id} sample ${i}`);
      });
      assert.ok(onChain.includes(true) && onChain.includes(false));
    });
  }

  it('would notice a law that is different on the chain', async () => {
    const law = lawOf('vaultCovers');
    const inputs = encodableInputs(law, 50);
    const onChain = await evmVerdicts(lawOf('openInterestWithin'), [
      lawOf('openInterestWithin').example,
    ]);
    assert.deepEqual(onChain, [true]);
    const strict = law.predicate.op === 'le' ? { ...law.predicate, op: 'lt' as const } : undefined;
    const verdicts = await evmVerdicts(law, inputs);
    assert.ok(inputs.some((input, i) => verdict(law, input, strict) !== verdicts[i]));
  });

  it('evaluates a whole snapshot into a bitmap', async () => {
    const types = snapshotInputs();
    const lawful: Input = Object.assign({}, lawOf('L02').example, lawOf('L04').example, {
      accounts: [{ cashQ32: 900n << 32n }],
      markets: [
        { market: 0, openInterest: 5 },
        { market: 1, openInterest: 1 },
      ],
    });
    const ask = async (snapshot: Input): Promise<number> => {
      const components = Object.entries(types).map(([name, type]) => abiOf(name, type));
      const inputs = [{ name: 's', type: 'tuple', components }];
      const abi = [{ type: 'function', name: 'evaluate', inputs, outputs: [] }];
      const values = Object.entries(types).map(([name, type]) => [
        name,
        wordsOf(type, snapshot[name]),
      ]);
      const args = [Object.fromEntries(values)];
      const data = encodeFunctionData({ abi, functionName: 'evaluate', args });
      return Number(await call(data));
    };
    const bits = (...names: string[]) =>
      names.reduce((all, name) => all + 2 ** numberOf(lawOf(name)), 0);
    assert.equal(await ask(lawful), bits('L01', 'L02', 'L04', 'L05'));
    assert.equal(await ask({ ...lawful, balance: 899n }), bits('L01', 'L04', 'L05'));
    assert.equal(await ask({ ...lawful, accounts: [] }), bits('L02', 'L04', 'L05'));
    const markets = [{ market: 0, openInterest: 6 }];
    assert.equal(await ask({ ...lawful, markets }), bits('L01', 'L02'));
    assert.ok(isScalarLaw(lawOf('L02')) && !isScalarLaw(lawOf('L01')));
  });

  it('refuses a law that does not exist', async () => {
    const args = [99n, ['0x']] as const;
    const data = encodeFunctionData({ abi: judgeManyAbi, functionName: 'judgeMany', args });
    await assert.rejects(call(data));
  });
});

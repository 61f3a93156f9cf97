/**
 * The rules of margin, prices, profit, liquidation and deleveraging: TypeScript against Solidity.
 * `harness/differential.ts` says how to add an operation.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as oracle from '@holdfast/oracle';
import * as risk from '@holdfast/risk';
import type { Hex } from 'viem';
import { root } from '../../tools/sources.mjs';
import { compare, difference, type Kept } from './harness/differential.ts';
import { type Evm, startEvm } from './harness/evm.ts';
import { liquidationOperations } from './harness/liquidation-operations.ts';
import { mutants, mutated } from './harness/mutants.ts';
import { priceOperations } from './harness/price-operations.ts';
import { riskOperations } from './harness/risk-operations.ts';

const seed = 20_261_126;
/** Calls of each operation on which mutants are tried: a thousand records each. */
const keep = 8;
const rules = { ...oracle, ...risk };
const operations = [...riskOperations(risk), ...liquidationOperations(risk), ...priceOperations()];

describe('margin: TypeScript and the EVM agree on a million operations', () => {
  let evm: Evm;
  let folder = '';
  const addresses = new Map<string, Hex>();
  const seen = new Map<string, Kept[]>();

  before(async () => {
    evm = await startEvm();
    for (const { bytecode } of operations) {
      if (!addresses.has(bytecode)) addresses.set(bytecode, await evm.deploy(bytecode));
    }
    const cache = join(root, 'node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, 'mutants-'));
  });

  after(async () => {
    await evm.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const op of operations) {
    it(`${op.name}: ${op.count} operations`, async () => {
      const address = addresses.get(op.bytecode) as Hex;
      const { compared, kept } = await compare(evm, address, op, { seed, rules, keep });
      assert.equal(compared, op.count);
      seen.set(op.name, kept);
    });
  }

  it('compares at least a million', () => {
    assert.ok(operations.reduce((sum, { count }) => sum + count, 0) >= 1_000_000);
  });

  it('compares accounts on both sides of every verdict', () => {
    for (const name of ['covers', 'transition']) {
      const answers = (seen.get(name) ?? []).map(({ answer }) => answer).join('');
      const held =
        answers.match(/.{64}/g)?.filter((word) => BigInt(`0x${word}`) === 1n).length ?? 0;
      const all = answers.length / 64;
      assert.ok(held > all / 10 && held < (all * 9) / 10, `${name}: ${held} of ${all}`);
    }
  });

  it('has mutants of every operation', () => {
    const tried = mutants.flatMap((of) => of.operations);
    assert.deepEqual([...tried].sort(), operations.map(({ name }) => name).sort());
  });

  for (const of of mutants) {
    for (const mutant of of.mutants) {
      it(`would notice ${mutant[0]}`, async () => {
        const wrong = { ...rules, ...(await mutated(folder, of.file, mutant)) };
        const all = of.operations.flatMap((name) => seen.get(name) ?? []);
        assert.ok(all.some((kept) => difference(kept, wrong) !== undefined));
      });
    }
  }
});

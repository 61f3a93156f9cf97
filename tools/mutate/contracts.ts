/**
 * Mutants of the libraries of margin, prices, profit, liquidation and deleveraging: each is
 * compiled into the harness contract, and the EVM's answers on the inputs of the differential test
 * (tests/e2e/margin.e2e.ts) must differ somewhere.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { riskHarnessBytecode, rulesHarnessBytecode } from '@holdfast/abi';
import * as oracle from '@holdfast/oracle';
import * as risk from '@holdfast/risk';
import type { Hex } from 'viem';
import {
  answerTo,
  compare,
  type Kept,
  type Operation,
} from '../../tests/e2e/harness/differential.ts';
import { type Evm, startEvm } from '../../tests/e2e/harness/evm.ts';
import { liquidationOperations } from '../../tests/e2e/harness/liquidation-operations.ts';
import { priceOperations } from '../../tests/e2e/harness/price-operations.ts';
import { riskOperations } from '../../tests/e2e/harness/risk-operations.ts';
import { root } from '../sources.mjs';
import { type Compiler, createCompiler } from './compiler.ts';
import type { Fate } from './judge.ts';
import { type Node, reachable, type SolidityMutant, solidityMutants } from './solidity.ts';

const seed = 20_261_126;
/** Calls of each operation that a mutant is tried on, of a thousand inputs each. */
const callsKept = 6;

type Harness = { readonly name: string; readonly file: string; readonly code: Hex };
const harnesses: readonly Harness[] = [
  { name: 'RiskHarness', file: 'src/mocks/RiskHarness.sol', code: riskHarnessBytecode },
  { name: 'RulesHarness', file: 'src/mocks/RulesHarness.sol', code: rulesHarnessBytecode },
];
/** Libraries that the harnesses call. */
const libraries = ['Margin', 'Liquidations', 'Deleveraging', 'Funding', 'Marks', 'Profit', 'Aging'];

/** A mutant, the harness that shows it, and the path by which the compiler knows its file. */
export type Target = { readonly mutant: SolidityMutant; readonly harness: Harness; path: string };

/** All mutants of the libraries. A library that both harnesses call is tried on the first. */
async function targets(compiler: Compiler): Promise<Target[]> {
  const found: Target[] = [];
  const done = new Set<string>();
  for (const harness of harnesses) {
    const { trees = [], error } = await compiler.compile(harness, {}, true);
    if (error !== undefined) throw new Error(error);
    const own = trees.find(([path]) => path === harness.file)?.[1] as Node;
    const functions = reachable(
      trees.map(([, tree]) => tree),
      own,
    );
    for (const [path, tree] of trees) {
      const name = /^src\/libraries\/(\w+)\.sol$/.exec(path)?.[1];
      if (name === undefined || !libraries.includes(name) || done.has(path)) continue;
      done.add(path);
      const source = readFileSync(join(root, 'contracts', path), 'utf8');
      const mutants = solidityMutants(`contracts/${path}`, source, tree, functions);
      found.push(...mutants.map((mutant) => ({ mutant, harness, path })));
    }
  }
  return found;
}

type Samples = ReadonlyMap<string, readonly (readonly [Operation, readonly Kept[]])[]>;

/** Inputs with the chain's answers, by harness. */
async function samples(evm: Evm): Promise<Samples> {
  const rules = { ...oracle, ...risk };
  const all = [...riskOperations(risk), ...liquidationOperations(risk), ...priceOperations()];
  const byHarness = new Map<string, [Operation, readonly Kept[]][]>();
  for (const { name, code } of harnesses) {
    const address = await evm.deploy(code);
    const rows: [Operation, readonly Kept[]][] = [];
    for (const op of all.filter(({ bytecode }) => bytecode === code)) {
      const count = callsKept * 1_000;
      const options = { seed, rules, keep: callsKept };
      rows.push([op, (await compare(evm, address, { ...op, count }, options)).kept]);
    }
    byHarness.set(name, rows);
  }
  return byHarness;
}

async function judge(
  evm: Evm,
  compiler: Compiler,
  seen: Samples,
  { mutant, harness, path }: Target,
): Promise<Fate> {
  const { code, error } = await compiler.compile(harness, { [path]: mutant.text });
  if (code === undefined || error !== undefined) return 'invalid';
  const address = await evm.deploy(code);
  for (const [op, kept] of seen.get(harness.name) ?? []) {
    for (const each of kept) {
      try {
        if ((await answerTo(evm, address, op, each)) !== each.answer) return 'killed';
      } catch {
        return 'killed';
      }
    }
  }
  return 'survived';
}

/** Judges the mutants that `choose` leaves, and tells of each as it is known. */
export async function judgeContracts(
  choose: (mutants: readonly SolidityMutant[]) => readonly SolidityMutant[],
  jobs: number,
  tell: (done: number, all: number) => void,
): Promise<{ mutant: SolidityMutant; fate: Fate }[]> {
  const evm = await startEvm();
  const compilers = Array.from({ length: jobs }, createCompiler);
  try {
    const all = await targets(compilers[0] as Compiler);
    const chosen = new Set(choose(all.map(({ mutant }) => mutant)));
    const queue = all.filter(({ mutant }) => chosen.has(mutant));
    const count = queue.length;
    const seen = await samples(evm);
    const judged: { mutant: SolidityMutant; fate: Fate }[] = [];
    const worker = async (compiler: Compiler): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        judged.push({ mutant: next.mutant, fate: await judge(evm, compiler, seen, next) });
        tell(judged.length, count);
      }
    };
    await Promise.all(compilers.map(worker));
    return judged;
  } finally {
    for (const compiler of compilers) compiler.stop();
    await evm.stop();
  }
}

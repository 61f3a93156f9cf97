/**
 * What the proofs of a pool cost at K = 4 (or HOLDFAST_BENCH_CHUNK): constraints, setup, witness,
 * proof, memory, verification. Keys of development are made anew, which is most of the time. Gas is
 * in contracts/gas.json: it is the same on every machine.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRejection } from '@holdfast/units';
import type { Measure } from '@holdfast/units/measure';
import {
  branchOf,
  chunkFault,
  chunkLevels,
  chunkMembers,
  marginFault,
  type Proof,
  planEpoch,
  planMargin,
  proofWords,
} from '../src/index.ts';
import {
  compileCircuit,
  developmentKeys,
  findNative,
  keyNames,
  loadCircuit,
  loadKey,
  prove,
} from '../src/node/index.ts';
import { blindsFor, bookOf, factsOf, marginWorld, tools } from '../test/world.ts';

const size = Number(process.env.HOLDFAST_BENCH_CHUNK ?? 4);
const runs = 3;
type Name = 'solvency' | 'margin';

/** Wall ms of the fastest of some runs. */
async function fastest(count: number, body: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await body();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

const accepted = <T>(value: T): Exclude<T, { code: string }> => {
  if (isRejection(value)) throw new Error(value.message);
  return value as never;
};

/** A full chunk, and one member of it that is asked for its margin; each with its check. */
function statementOf(name: Name, circuitId: bigint, key: ReturnType<typeof loadKey>) {
  const members = bookOf(size);
  if (name === 'solvency') {
    const [circuit, facts] = [{ circuitId, size }, factsOf(members)];
    const plan = accepted(planEpoch(circuit, facts, members, blindsFor(1)))[0]!;
    const { statement } = plan;
    return {
      plan,
      check: (proof: Proof) =>
        chunkFault(key.key, circuit, facts, 0, 0n, {
          sumsAfter: statement.sumsAfter,
          chunkRoot: statement.chunkRoot,
          proof,
        }),
    };
  }
  const { facts, witness, question } = marginWorld(members, 1);
  const levels = chunkLevels(chunkMembers(members, 0, size));
  const where = { ...facts, chunkRoot: levels.at(-1)![0]! };
  const plan = accepted(
    planMargin(circuitId, where, question, { ...witness, ...branchOf(levels, 1) }),
  );
  const { nullifier } = plan.statement;
  return {
    plan,
    check: (proof: Proof) =>
      marginFault(key.key, circuitId, where, question, { nullifier, proof }, 1n),
  };
}

async function measure(name: Name, keys: string): Promise<Measure[]> {
  const circuit = await compileCircuit(tools, name, size);
  const files = keyNames(name, size);
  const key = loadKey(join(keys, files.key));
  const provingKey = join(keys, files.provingKey);
  const { plan, check } = statementOf(name, key.circuitId, key);
  const calculate = loadCircuit(readFileSync(circuit.wasm));
  const witness = await fastest(runs, () => calculate(plan.input));
  const native = findNative();
  const options = { tools, circuit, key, provingKey, ...(native ? { native } : {}) };
  let memory = 0;
  let made: Awaited<ReturnType<typeof prove>> | undefined;
  const ms = await fastest(runs, async () => {
    made = await prove(options, plan);
    memory = Math.max(memory, made.memory);
  });
  const proof = made!.proof;
  const fault = check(proof);
  if (fault !== undefined) throw new Error(fault.message);
  const verify = await fastest(5, () => check(proof));
  const row = (what: string, value: number, unit: string): Measure => ({
    name: `${name}, K = ${size}: ${what}`,
    value,
    unit,
  });
  return [
    row('constraints', circuit.constraints, 'constraints'),
    row('proving key', statSync(provingKey).size / 1e6, 'MB'),
    row('witness', witness, 'ms'),
    { ...row('witness and proof', ms, 'ms'), note: native ? 'native prover' : 'portable prover' },
    row('memory of a proof', memory, 'MiB'),
    row('proof', proofWords(proof).length * 32, 'bytes'),
    row('verify', verify, 'ms'),
    ...(name === 'solvency' ? [row('proven by one process', (size * 1000) / ms, 'members/s')] : []),
  ];
}

export async function bench(): Promise<Measure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-proof-'));
  const keys = join(dir, 'keys');
  try {
    const setup = await fastest(1, () => developmentKeys(tools, keys, { size, now: 1 }));
    const both = { name: `K = ${size}: setup of both circuits`, value: setup / 1000, unit: 's' };
    const note = 'development keys, with compiling when it is the first time';
    const rows = [await measure('solvency', keys), await measure('margin', keys)];
    return [{ ...both, note }, ...rows.flat()];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

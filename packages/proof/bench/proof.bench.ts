/**
 * What the proofs of a pool cost at K = 4 (or HOLDFAST_BENCH_CHUNK): constraints, setup, witness,
 * proof, memory, verification. Times are CPU time with that of ended child processes, which other
 * work on the machine hardly changes; where the system does not tell it, wall time. Keys of
 * development are made anew, which is most of it. Gas is in contracts/gas.json: it is the same on
 * every machine.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRejection } from '@holdfast/units';
import { type Measure, middle } from '@holdfast/units/measure';
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

const ownTimes = '/proc/self/stat';
/** Milliseconds of a tick of the kernel's accounts, on every Linux that Node runs on. */
const tickMs = 10;

/** CPU ms of this process and of its children that have ended. */
function spentMs(): number {
  if (!existsSync(ownTimes)) return performance.now();
  // After the name, which may hold anything but is in brackets: user and system of children.
  const fields = readFileSync(ownTimes, 'utf8').split(') ').at(-1)!.split(' ');
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + (Number(fields[13]) + Number(fields[14])) * tickMs;
}

/** CPU ms of some runs, after one that warms up. */
async function costs(count: number, body: () => unknown): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i <= count; i++) {
    const before = spentMs();
    await body();
    if (i > 0) found.push(spentMs() - before);
  }
  return found;
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
  const witness = await costs(runs, () => calculate(plan.input));
  const native = findNative();
  const options = { tools, circuit, key, provingKey, ...(native ? { native } : {}) };
  let memory = 0;
  let made: Awaited<ReturnType<typeof prove>> | undefined;
  const whole = await costs(runs, async () => {
    made = await prove(options, plan);
    memory = Math.max(memory, made.memory);
  });
  const proof = made!.proof;
  const fault = check(proof);
  if (fault !== undefined) throw new Error(fault.message);
  const verify = await costs(5, () => check(proof));
  const named = (what: string): string => `${name}, K = ${size}: ${what}`;
  const row = (what: string, value: number, unit: string): Measure => ({
    name: named(what),
    value,
    unit,
  });
  const time = (what: string, values: readonly number[]) => middle(named(what), 'ms CPU', values);
  const both = time('witness and proof', whole);
  return [
    row('constraints', circuit.constraints, 'constraints'),
    row('proving key', statSync(provingKey).size / 1e6, 'MB'),
    time('witness', witness),
    { ...both, note: native ? 'native prover' : 'portable prover' },
    row('memory of a proof', memory, 'MiB'),
    row('proof', proofWords(proof).length * 32, 'bytes'),
    time('verify', verify),
    ...(name === 'solvency' ? [row('members', (size * 1000) / both.value, '/s CPU')] : []),
  ];
}

export async function bench(): Promise<Measure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-proof-'));
  const keys = join(dir, 'keys');
  try {
    const before = spentMs();
    await developmentKeys(tools, keys, { size, now: 1 });
    const setup = (spentMs() - before) / 1000;
    const both = { name: `K = ${size}: setup of both circuits`, value: setup, unit: 's CPU' };
    const note = 'development keys, with compiling when it is the first time';
    const rows = [await measure('solvency', keys), await measure('margin', keys)];
    return [{ ...both, note }, ...rows.flat()];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

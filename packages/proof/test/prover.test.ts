import { strict as assert } from 'node:assert';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ChunkPlan, fieldPrime } from '../src/index.ts';
import {
  blindsIn,
  checkProver,
  compileCircuit,
  developmentKeys,
  findNative,
  jobsFor,
  keyNames,
  loadCircuit,
  loadKey,
  type Progress,
  type ProverOptions,
  prove,
  proveEpoch,
  randomField,
  runTool,
  toolbox,
} from '../src/node/index.ts';
import { root } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-prover-'));
const tools = {
  ...toolbox(root, join(folder, 'out')),
  circuits: join(import.meta.dirname, 'tiny'),
};
const keys = join(folder, 'keys');
after(() => rmSync(folder, { recursive: true, force: true }));

/** A chunk of the small circuit that stands in for the large one. */
function planOf(i: number): ChunkPlan {
  const [a, b, r] = [BigInt(i + 2), 7n, BigInt(i + 99)];
  const product = a * b;
  const fingerprint = { h: product * product, r, s: (product * r + 4n) % fieldPrime };
  const statement = { sumsAfter: BigInt(i), chunkRoot: BigInt(i * i) };
  return { fingerprint, statement, input: { ...fingerprint, a, b }, vector: [] } as never;
}

/** A program that stands in for a native prover. */
function fake(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('prover', () => {
  let options: ProverOptions;
  before(async () => {
    await developmentKeys(tools, keys, { size: 4, circuits: ['solvency'], now: 1 });
    const names = keyNames('solvency', 4);
    options = {
      tools,
      circuit: await compileCircuit(tools, 'solvency', 4),
      key: loadKey(join(keys, names.key)),
      provingKey: join(keys, names.provingKey),
    };
  });

  it('makes chunks once: a second run takes what holds and makes the rest', async () => {
    const dir = join(folder, 'work');
    const plans = [0, 1, 2].map(planOf);
    const seen: Progress[] = [];
    const run = () => {
      seen.length = 0;
      const onProgress = (each: Progress) => seen.push(each);
      return proveEpoch({ ...options, dir, jobs: 2, onProgress }, plans);
    };
    const made = await run();
    assert.deepEqual(
      made.map(({ sumsAfter }) => sumsAfter),
      [0n, 1n, 2n],
    );
    assert.deepEqual(
      seen.map(({ done, of, isOld }) => `${done}/${of} ${isOld}`),
      ['1/3 false', '2/3 false', '3/3 false'],
    );
    assert.ok(seen.every(({ ms, memory }) => ms > 0 && memory > 10));
    rmSync(join(dir, 'chunk-00001.json'));
    writeFileSync(join(dir, 'chunk-00002.json'), readFileSync(join(dir, 'chunk-00000.json')));
    const again = await run();
    assert.deepEqual(
      seen.toSorted((a, b) => a.chunk - b.chunk).map(({ isOld }) => isOld),
      [true, false, false],
    );
    assert.deepEqual(again[0], made[0]);
  });

  it('ends the other proofs when one fails, and leaves nothing of a witness', async () => {
    const bad = { ...planOf(1), input: { ...planOf(1).input, a: 1n } };
    const dir = join(folder, 'bad');
    const work = proveEpoch({ ...options, dir, jobs: 2 }, [bad as ChunkPlan, planOf(0), planOf(2)]);
    await assert.rejects(work, { code: 'ToolFailed', message: /constraint does not hold/ });
    assert.ok(!existsSync(join(dir, 'chunk-00002.json')));
  });

  it('stops when it is asked to, and at its bound of memory', async () => {
    const ended = AbortSignal.abort();
    await assert.rejects(prove({ ...options, signal: ended }, planOf(0)), { code: 'Stopped' });
    if (process.platform !== 'linux') return;
    await assert.rejects(prove({ ...options, memoryMax: 20 }, planOf(0)), {
      code: 'MemoryExceeded',
      message: /20 at most/,
    });
  });

  it('takes a native prover where there is one, and never its word', async () => {
    const same = fake('rapidsnark', `exec ${process.execPath} ${tools.snarkjs} groth16 prove "$@"`);
    assert.equal(findNative(folder), same);
    assert.equal(findNative('/nowhere'), undefined);
    const plan = planOf(0);
    assert.ok((await prove({ ...options, native: same }, plan)).proof.a.x > 0n);
    // It makes a proof of something else, tells nothing, or fails.
    const other = join(folder, 'other.json');
    const keep = fake(
      'keeper',
      `${process.execPath} ${tools.snarkjs} groth16 prove "$@" && cp "$3" ${other}`,
    );
    await prove({ ...options, native: keep }, planOf(1));
    const liar = fake('liar', `cp ${other} "$3"`);
    await assert.rejects(prove({ ...options, native: liar }, plan), { code: 'ProofWrong' });
    const silent = fake('silent', 'exit 0');
    await assert.rejects(prove({ ...options, native: silent }, plan), { code: 'ProofWrong' });
    const failing = fake('failing', 'echo no memory; exit 3');
    await assert.rejects(prove({ ...options, native: failing }, plan), { message: /no memory/ });
    await assert.rejects(prove({ ...options, native: '/nowhere/x' }, plan), { code: 'ToolFailed' });
  });

  it('refuses keys that do not belong to the circuit', () => {
    const { key } = options;
    const code = { code: 'KeyDiffers' };
    assert.doesNotThrow(() => checkProver(options));
    assert.throws(() => checkProver({ ...options, key: { ...key, size: 8 } }), code);
    assert.throws(() => checkProver({ ...options, key: { ...key, r1cs: '00' } }), code);
    assert.throws(() => checkProver({ ...options, key: { ...key, provingKey: '00' } }), code);
    assert.throws(() => checkProver({ ...options, provingKey: '/nowhere' }), code);
  });

  it('keeps blinds for one book in a folder, readable by its owner alone', () => {
    const dir = join(folder, 'blinds');
    const blinds = blindsIn(dir, { book: 1n }, 3);
    assert.equal(new Set(blinds).size, 3);
    assert.deepEqual(blindsIn(dir, { book: 1n }, 3), blinds);
    assert.throws(() => blindsIn(dir, { book: 2n }, 3), { code: 'FolderTaken' });
    assert.equal(statSync(join(dir, 'work.json')).mode & 0o77, 0);
    assert.ok(randomField() < fieldPrime);
  });

  it('runs as many at once as were asked for, or as memory allows', () => {
    assert.equal(jobsFor({ ...options, jobs: 5 }), 5);
    assert.equal(jobsFor({ ...options, memoryAll: 1 }), 1);
    assert.ok(jobsFor(options) >= 1);
  });

  it('says which signal is wrong', () => {
    const calculate = loadCircuit(readFileSync(options.circuit.wasm));
    const { input } = planOf(0);
    assert.throws(() => calculate({ ...input, c: 1n }), /c has 1 values: there is no such signal/);
    assert.throws(() => calculate({ ...input, a: [1n, 2n] }), /a has 2 values: 1 values/);
    const { a: _, ...fewer } = input as Record<string, bigint>;
    assert.throws(() => calculate(fewer), /4 signals are set, the circuit has 5/);
  });
});

it('a tool gets its input on standard input, and its last words are told', async () => {
  const echo = fake('echo.sh', 'cat; echo gone >&2; exit 2');
  await assert.rejects(runTool(echo, [], { input: 'here' }), { message: /here\s*gone/ });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Evm, startEvm } from '../../tests/e2e/harness/evm.ts';
import { decide } from '../prove/decide.mjs';
import { harnessOf } from '../prove/judge.ts';
import { withChecks } from '../prove/rewrite.ts';
import { findSolvers } from '../prove/solvers.ts';
import { argumentsOf, encode } from '../symbolic/arguments.ts';
import { add, complement, concat, mul, sext, slice, sub, zext } from '../symbolic/build.ts';
import { checks } from '../symbolic/checks.ts';
import { eq, ult } from '../symbolic/compare.ts';
import { deploymentSettings, onlyCheck, questionOf } from '../symbolic/judge.ts';
import { type Calldata, explore, limits } from '../symbolic/machine.ts';
import { Memory } from '../symbolic/memory.ts';
import { factsOf, readModel, Script } from '../symbolic/smt.ts';
import { constant, node, type Term, variable } from '../symbolic/term.ts';
import { symbolicJobs } from '../symbolic.ts';

const seed = 20_261_126;
let evm: Evm;
before(async () => {
  evm = await startEvm();
});
after(() => evm.stop());

const hex = (bytes: readonly number[]) => Buffer.from(bytes).toString('hex');
const word = (value: bigint) => value.toString(16).padStart(64, '0');

/** Creation code that deploys what follows it. */
const creation = (code: readonly number[]) =>
  hex([0x61, code.length >> 8, code.length & 255, 0x80, 0x60, 12, 0x60, 0, 0x39, 0x60, 0, 0xf3]) +
  hex(code);

/** Data of a call from words: of what value each is, or unknown where there is none. */
function calldata(values: readonly bigint[], isKnown: boolean): Calldata {
  const memory = new Memory();
  for (const [at, value] of values.entries()) {
    memory.store(32 * at, isKnown ? constant(value) : variable(`a${at}`, 256));
  }
  return { memory, size: 32 * values.length };
}

/** The stack's operations, with how many words each takes. */
const twoOperands = [1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 22, 23, 24];
const edges = [0n, 1n, 2n, 31n, 255n, 1n << 128n, (1n << 255n) - 1n, 1n << 255n, (1n << 256n) - 1n];
const anyWord = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }));
const instruction = fc.oneof(
  fc.constantFrom(...twoOperands).map((opcode) => [opcode]),
  fc.constantFrom([8], [9], [21], [25]),
  // Shifts, BYTE, SIGNEXTEND and masks by what is known, as compilers write them.
  fc
    .tuple(
      fc.constantFrom(0x0b, 0x1a, 0x1b, 0x1c, 0x1d, 0x16, 0x17, 1, 2),
      fc.integer({ min: 0, max: 255 }),
    )
    .map(([opcode, by]) => [0x60, by, opcode]),
  // Memory, unaligned, and a hash of it.
  fc.integer({ min: 0, max: 40 }).map((at) => [0x60, at, 0x52, 0x60, (at * 7) % 41, 0x51]),
  fc.integer({ min: 1, max: 64 }).map((count) => [0x60, 0, 0x52, 0x60, count, 0x60, 5, 0x20]),
  // Storage at one of a few slots.
  fc.constantFrom([0x80, 0x60, 1, 0x55, 0x60, 1, 0x54, 1], [0x60, 3, 0x55, 0x60, 1, 0x54]),
  // A branch on the top: one way adds one to what is below.
  fc.constant('branch' as const),
);

/** Code that works on four words of its data and returns the top of the stack. */
function program(parts: readonly (readonly number[] | 'branch')[]): number[] {
  const code: number[] = [];
  for (let at = 0; at < 12; at += 1) code.push(0x60, 32 * (at % 4), 0x35);
  for (const part of parts) {
    if (part !== 'branch') code.push(...part);
    else {
      const target = code.length + 8;
      code.push(0x80, 0x61, target >> 8, target & 255, 0x57, 0x60, 1, 0x01, 0x5b);
    }
  }
  return [...code, 0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3];
}

/** The value of a term once those of the variables are known, by a solver. */
async function resolved(term: Term, model: readonly bigint[]): Promise<bigint> {
  const found = variable('found', term.width);
  const known = model.map((value, at) => eq(variable(`a${at}`, 256), constant(value)));
  const query = new Script().query([[...known, node('eq', 1, [found, term])]]);
  const { answer, text } = await decide(query, z3(), 20);
  assert.equal(answer, 'sat');
  return readModel(text).get('found')!;
}
const z3 = () => findSolvers().solvers.filter(({ name }) => name === 'z3');

describe('the machine', () => {
  it('computes what the EVM computes, on known words', async () => {
    const parts = fc.array(instruction, { minLength: 1, maxLength: 9 });
    const values = fc.array(anyWord, { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(parts, values, async (some, inputs) => {
        const code = program(some);
        const address = await evm.deploy(`0x${creation(code)}`);
        const expected = await evm.call(address, `0x${inputs.map(word).join('')}`);
        const [end, ...more] = explore(Buffer.from(code), calldata(inputs, true));
        assert.equal(more.length, 0);
        assert.equal(end!.kind, 'return');
        assert.equal(end!.data!.op, 'const');
        assert.equal(`0x${word(end!.data!.value)}`, expected);
      }),
      { seed, numRuns: 100 },
    );
  });

  it('computes what the EVM computes, on unknown words that turn out to be some', async () => {
    // No hashes: the solver knows none of their values.
    const parts = fc.array(
      instruction.filter((part) => part.at(-1) !== 0x20),
      { minLength: 1, maxLength: 6 },
    );
    const values = fc.array(anyWord, { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(parts, values, async (some, inputs) => {
        const code = program(some);
        const address = await evm.deploy(`0x${creation(code)}`);
        const expected = await evm.call(address, `0x${inputs.map(word).join('')}`);
        const ends = explore(Buffer.from(code), calldata(inputs, false));
        const whole = ends.reduceRight<Term>(
          (rest, { path, data }) =>
            path.reduceRight((yes, flag) => node('ite', 256, [flag, yes, rest]), data!),
          constant(0n),
        );
        assert.equal(`0x${word(await resolved(whole, inputs))}`, expected);
      }),
      { seed, numRuns: 25 },
    );
  });

  it('fails loudly at what it does not support', () => {
    const most = { ...limits, paths: 20, steps: 2_000 };
    const run = (code: readonly number[]) => () =>
      explore(Buffer.from(code), calldata([1n], false), most);
    for (const opcode of [0x30, 0x33, 0x3d, 0x42, 0x49, 0x59, 0x5c, 0xf1, 0x0c, 0xff]) {
      assert.throws(run([opcode]), /is not supported/, `0x${opcode.toString(16)}`);
    }
    // A call of anything but the recovery of a signer, or of that with other data.
    const call = (to: number, size: number) =>
      run([0x60, 32, 0x60, 0, 0x60, size, 0x60, 0, 0x60, to, 0x5a, 0xfa]);
    assert.throws(call(2, 128), /a call that is not supported/);
    assert.throws(call(1, 96), /a call that is not supported/);
    assert.doesNotThrow(call(1, 128));
    assert.throws(run([0x60, 0, 0x35, 0x51]), /not known/);
    assert.throws(run([0x60, 0, 0x35, 0x56]), /not known/);
    assert.throws(run([0x60, 3, 0x56, 0x5c]), /a jump to 3/);
    assert.throws(run([0x01]), /the stack is empty/);
    // An endless loop, and one that branches for ever.
    assert.throws(run([0x5b, 0x60, 0, 0x56]), /steps/);
    const branching = [0x60, 0, 0x35, 0x5b, 0x60, 1, 0x01, 0x80, 0x60, 3, 0x57, 0x60, 3, 0x56];
    assert.throws(run(branching), /paths/);
  });
});

describe('terms', () => {
  const [a, b] = [variable('a', 40), variable('b', 24)];
  it('come apart as they were packed', () => {
    const packed = concat([b, a, constant(0n, 192)]);
    assert.equal(slice(packed, 24, 40), a);
    assert.equal(slice(add(packed, concat([constant(0n, 64), variable('c', 192)])), 0, 24), b);
    assert.equal(concat([slice(a, 0, 13), slice(a, 13, 27)]), a);
  });
  it('cancel, and know their bounds', () => {
    const [x, y] = [zext(a, 256), zext(b, 256)];
    assert.equal(sub(add(mul(x, y), x), mul(y, x)), x);
    assert.equal(ult(add(x, y), x), constant(0n, 1));
    assert.equal(slice(mul(x, y), 64, 192), constant(0n, 192));
    assert.equal(sext(slice(sub(x, y), 0, 60), 256), sub(x, y));
  });
  it('do not claim what may wrap', () => {
    const [x, y] = [variable('x', 256), variable('y', 256)];
    assert.equal(ult(add(x, y), x).op, 'ult');
    assert.notEqual(sext(slice(add(x, y), 0, 60), 256), add(x, y));
  });
});

describe('what is said of products and quotients', () => {
  const [x, y] = [variable('x', 8), variable('y', 8)];
  const product = mul(x, y);
  for (const term of [product, node('udiv', 8, [product, x]), node('udiv', 8, [x, y])]) {
    it(`is true of ${term.op} of ${term.args.map(({ op }) => op).join()}`, async () => {
      const facts = factsOf(term, [2, 3, 5, 6]);
      // The EVM's quotient by zero is not of this kind: it is zero.
      const divisors = term.op === 'udiv' ? [complement(eq(term.args[1]!, constant(0n, 8)))] : [];
      const ways = facts.map((fact) => [complement(fact), ...divisors]);
      const { answer } = await decide(new Script().query(ways), findSolvers().solvers, 60);
      assert.ok(facts.length > 0);
      assert.equal(answer, 'unsat');
    });
  }
});

describe('blocks without checks', () => {
  it('are given them, with all that stands in them', () => {
    const text = 'f() { unchecked { if (a) { b = c << 32; } d -= 1; } } g() { e = c << 32; }';
    const wanted = 'f() { { if (a) { b = c * (2 ** 32); } d -= 1; } } g() { e = c << 32; }';
    assert.equal(withChecks(text), wanted);
    const check = checks.find(({ id }) => id === 'wrap.products')!;
    const margin = questionOf(check).sources.get('contracts/src/libraries/Margin.sol')!;
    assert.ok(!margin.includes('unchecked'));
  });
});

describe('checks', () => {
  it('have names, places and mutants that apply', () => {
    assert.equal(new Set(checks.map(({ id }) => id)).size, checks.length);
    for (const check of checks) {
      assert.ok(check.mutants.length > 0, check.id);
      for (const mutant of check.mutants) questionOf(check, mutant);
      const text = questionOf(check).sources.get(harnessOf(check))!;
      const [contract, name] = check.contract.split('.');
      assert.ok(text.includes(`contract ${contract} `) && text.includes(`function ${name}(`));
    }
  });
  it('are all asked with their mutants in full', () => {
    const mutants = checks.reduce((sum, check) => sum + check.mutants.length, 0);
    assert.equal(symbolicJobs(true).length, checks.length + mutants);
    assert.ok(symbolicJobs(false).length < symbolicJobs(true).length);
  });
  it('are compiled as the contracts are', () => {
    assert.equal(deploymentSettings().optimizer.runs, 10_000);
    assert.throws(() => deploymentSettings('[profile.default]\n'), /does not set via_ir/);
  });
  it('are cut to one without harm to the rest', () => {
    const text =
      '    function check_a() x {\n    }\n    function check_b() x {\n    }\n    uint c;\n';
    assert.equal(onlyCheck(text, 'check_b'), '    function check_b() x {\n    }\n    uint c;\n');
  });
  it('take arguments of any fixed type', () => {
    const types = [{ type: 'uint8[2]' }, { type: 'tuple', components: [{ type: 'bytes4' }] }];
    const args = argumentsOf([...types, { type: 'int16' }, { type: 'bool' }]);
    const model = new Map([
      ['a2', 0xaabbccddn],
      ['a3', 0xffffn],
    ]);
    const data = encode('01020304', args, model);
    assert.equal(data.length, 8 + 64 * 5);
    assert.equal(data.slice(8 + 128, 8 + 136), 'aabbccdd');
    assert.equal(data.slice(8 + 192, 8 + 256), 'f'.repeat(64));
    assert.throws(() => argumentsOf([{ type: 'bytes' }]), /an argument of type bytes/);
  });
});

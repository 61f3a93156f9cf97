import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as abi from '@holdfast/abi';
import {
  builds,
  changesBetween,
  differences,
  entriesOf,
  errorName,
  isBuiltFrom,
  moduleBuilds,
  powers,
  type RoleMap,
  selectorsOf,
  unexplained,
} from '@holdfast/trust';
import { toFunctionSelector } from 'viem';

const map = JSON.parse(
  readFileSync(new URL('../src/roles.json', import.meta.url), 'utf8'),
) as RoleMap;

/**
 * What a venue does not deploy, or what holds nothing and lets everybody read. A pool owns an
 * account like anybody; what its operator can do stands in docs/POOL.md.
 */
const elsewhere = [
  ...['Laws', 'TestToken', 'RiskHarness', 'RulesHarness', 'SchnorrHarness', 'Records'],
  ...['ConfidentialPool', 'ProofRegistry'],
];

describe('the map of roles', () => {
  it('knows every contract that can be deployed and has functions', () => {
    const deployable = Object.keys(abi)
      .filter((name) => name.endsWith('Bytecode'))
      .map((name) => `${name[0]?.toUpperCase()}${name.slice(1, -'Bytecode'.length)}`);
    const known = [...Object.keys(builds), ...Object.keys(moduleBuilds), ...elsewhere];
    const every = new Map<string, unknown>(Object.entries(abi));
    const active = deployable.filter((name) => {
      const own = every.get(`${name[0]?.toLowerCase()}${name.slice(1)}Abi`);
      return entriesOf(own as never).some(({ isActive }) => isActive);
    });
    assert.ok(active.includes('Vault'));
    const strange = active.filter((name) => !known.includes(name));
    assert.deepEqual(strange, [], 'add them to builds.ts, powers.ts and places of facts.ts');
  });

  it('has the same functions as powers.ts, and these the same as the contracts', () => {
    assert.deepEqual(unexplained(), []);
    for (const [name, functions] of Object.entries(powers)) {
      const listed = Object.keys(map[name] ?? {}).sort();
      assert.deepEqual(Object.keys(functions).sort(), listed, name);
    }
  });

  it('names each kind of change', () => {
    const before: RoleMap = {
      Breaker: { 'tighten()': { callers: ['guardian'], strangers: ['NotGuardian'] } },
    };
    const of = (callers: string[], strangers: string[]): RoleMap => ({
      Breaker: { 'tighten()': { callers, strangers } },
    });
    const told = (after: RoleMap) => differences(before, after).map((line) => line.split(':')[0]);
    assert.deepEqual(told(before), []);
    assert.deepEqual(told(of([], ['ok'])), ['WIDER', 'OTHER']);
    assert.deepEqual(told(of(['guardian', 'sequencer'], ['NotGuardian'])), ['WIDER']);
    assert.deepEqual(told(of(['guardian'], ['NotGuardian', 'ok'])), ['WIDER']);
    assert.deepEqual(told(of(['governor'], ['NotGuardian'])), ['WIDER', 'NARROWER']);
    assert.deepEqual(told({}), ['GONE']);
    assert.deepEqual(differences({}, before).length, 1);
    assert.deepEqual(
      differences(of([], ['ok']), before).map((line) => line.split(':')[0]),
      ['NARROWER', 'OTHER'],
    );
  });
});

/** What a creation code leaves behind, with words of zeros for immutables. */
function runtimeOf(creation: string): `0x${string}` {
  const head = /(?<=fe)(?:61[0-9a-f]{4}|60[0-9a-f]{2})(?:80)?60405260043610/.exec(creation);
  assert.ok(head, 'a dispatcher');
  return `0x${creation.slice(head.index)}`;
}

describe('code', () => {
  const { bytecode } = builds.Breaker;
  const deployed = runtimeOf(bytecode);

  it('is what this build makes, immutables aside, and nothing else', () => {
    assert.ok(isBuiltFrom(deployed, bytecode));
    const filled = deployed.replace(`7f${'0'.repeat(64)}`, `7f${'1'.repeat(64)}`) as `0x${string}`;
    assert.notEqual(filled, deployed);
    assert.ok(isBuiltFrom(filled, bytecode));
    const selector = toFunctionSelector('beat()').slice(2);
    const changed = deployed.replace(selector, '12345678') as `0x${string}`;
    assert.notEqual(changed, deployed);
    assert.ok(!isBuiltFrom(changed, bytecode));
    assert.ok(!isBuiltFrom(`${deployed}00`, bytecode));
    assert.ok(!isBuiltFrom('0x', bytecode));
    assert.ok(!isBuiltFrom(deployed, builds.Oracle.bytecode));
  });

  it('answers exactly to the functions of its ABI', async () => {
    for (const [name, { abi: own, bytecode: creation }] of Object.entries({
      ...builds,
      ...moduleBuilds,
    })) {
      if (name === 'ClearingHouse') continue;
      const code = runtimeOf(creation);
      const expected = entriesOf(own).map(({ selector }) => selector);
      assert.deepEqual(await selectorsOf(code), expected.sort(), name);
    }
  });

  it('names its errors', () => {
    assert.equal(errorName(toFunctionSelector('ProposalMissing()')), 'ProposalMissing');
    assert.equal(errorName('0x12345678'), '0x12345678');
    assert.equal(errorName('0x'), 'without reason');
  });
});

describe('changes', () => {
  const more = (value: number) => ({ value: `${value}`, wider: 'more' as const });
  const less = (value: number) => ({ value: `${value}`, wider: 'less' as const });

  it('are wider or narrower by the direction of each bound', () => {
    const ways = (before: object, after: object) =>
      changesBetween(before as never, after as never).map(({ name, way }) => `${name} ${way}`);
    assert.deepEqual(ways({ cap: more(1) }, { cap: more(1) }), []);
    assert.deepEqual(ways({ cap: more(1) }, { cap: more(2) }), ['cap wider']);
    assert.deepEqual(ways({ cap: more(2) }, { cap: more(1) }), ['cap narrower']);
    assert.deepEqual(ways({ delay: less(9) }, { delay: less(10) }), ['delay narrower']);
    assert.deepEqual(ways({ delay: less(10) }, { delay: less(9) }), ['delay wider']);
    const holder = (value: string) => ({ holder: { value, wider: 'any' } });
    assert.deepEqual(ways(holder('a'), holder('b')), ['holder wider']);
  });

  it('are wider where something has come or gone', () => {
    const changes = changesBetween({ old: less(1) }, { fresh: more(1) });
    assert.deepEqual(
      changes.map(({ name, before, after, way }) => [name, before, after, way]),
      [
        ['fresh', '-', '1', 'wider'],
        ['old', '1', '-', 'wider'],
      ],
    );
  });
});

import { deepEqual, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { iConfidentialPoolAbi, iProofRegistryAbi } from '@holdfast/abi';
import { root } from '@holdfast/host/programs';
import { EnvironmentError } from '@holdfast/units';
import { failureOf, Refused } from '../src/failure.ts';

const textsOf = (dir: string, isMeant: (name: string) => boolean): string =>
  readdirSync(join(root, dir))
    .filter(isMeant)
    .map((name) => readFileSync(join(root, dir, name), 'utf8'))
    .join('\n');

const all =
  textsOf('packages/pool/src', (name) => name.endsWith('.ts')) +
  textsOf('packages/cli/src/commands', (name) => /^pool.*\.ts$/.test(name));
const codesBy = (pattern: RegExp): string[] => [
  ...new Set([...all.matchAll(pattern)].map(([, code]) => code as string)),
];

/** Told by nobody but a program that is called wrongly or a disk that is full. */
const bare = new Set(['DeployFailed', 'Malformed', 'Rejected']);

describe('cures of the confidential pool', () => {
  it('are there for every refusal that its sources can tell', () => {
    const codes = codesBy(/(?:reject\(\s*|code: )'([A-Z][A-Za-z]+)'/g);
    ok(codes.length > 20, `${codes}`);
    for (const code of ['SharedMissing', 'LeafDiffers', 'SaltDiffers', 'MemberUncovered']) {
      ok(codes.includes(code), code);
    }
    const cureOf = (code: string) => failureOf(new Refused({ code, message: '' })).cure;
    deepEqual(
      codes.filter((code) => !bare.has(code) && cureOf(code) === undefined),
      [],
    );
  });

  it('are there for everything around it that fails', () => {
    const codes = codesBy(/new EnvironmentError\(\s*'([A-Z][A-Za-z]+)'/g);
    ok(codes.length > 12, `${codes}`);
    const cureOf = (code: string) => failureOf(new EnvironmentError(code, '')).cure;
    deepEqual(
      codes.filter((code) => !bare.has(code) && cureOf(code) === undefined),
      [],
    );
  });

  it('are there for what its contracts refuse', () => {
    const errors = [...iConfidentialPoolAbi, ...iProofRegistryAbi].flatMap((entry) =>
      entry.type === 'error' ? [entry.name as string] : [],
    );
    ok(errors.includes('LapseEarly'), `${errors}`);
    const cureOf = (code: string) => failureOf(new Refused({ code, message: '' })).cure;
    deepEqual(
      errors.filter((code) => cureOf(code) === undefined),
      [],
    );
  });
});

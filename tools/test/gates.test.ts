import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Artifact,
  codeSize,
  collectErrors,
  declaredNames,
  renderModule,
} from '../contracts.ts';
import { drift, write } from '../docs.ts';
import { matches } from '../files.ts';
import { countStep, runStep } from '../run.ts';
import { checkNode, dependenciesAreInstalled } from '../setup.mjs';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-gates-'));
after(() => rmSync(folder, { recursive: true }));

/** A process that runs; one that has ended but waits to be reaped does not. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

describe('runStep', () => {
  const step = (code: string, minutesMax?: number) => ({
    name: 'step',
    command: process.execPath,
    args: ['-e', code],
    ...(minutesMax === undefined ? {} : { minutesMax }),
  });

  it('tells the exit code of a step', async () => {
    assert.equal((await runStep(step('process.exit(3)'))).code, 3);
    assert.equal((await runStep(step('0'))).code, 0);
  });

  it('lets a patient step, and what that runs, wait for all others', async () => {
    const file = join(folder, 'patience');
    const module = JSON.stringify(join(import.meta.dirname, '../run.ts'));
    const told = `const { readFileSync, writeFileSync, existsSync } = require('node:fs');
      const session = '/proc/self/autogroup';
      const shared = existsSync(session) ? readFileSync(session, 'utf8') : 'nice 19';
      const nice = require('node:os').getPriority();
      writeFileSync(${JSON.stringify(file)}, nice + ' ' + shared.trim().split(' ').at(-1));`;
    const inner = `setTimeout(() => { ${told} }, 200)`;
    const outer = `import { runStep } from ${module};
      const args = ['-e', ${JSON.stringify(inner)}];
      const { code } = await runStep({ name: 'inner', command: process.execPath, args });
      process.exitCode = code;`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', outer];
    const patient = { name: 'outer', command: process.execPath, args, isPatient: true };
    assert.equal((await runStep(patient)).code, 0);
    const low = constants.priority.PRIORITY_LOW;
    assert.equal(readFileSync(file, 'utf8'), `${low} ${low}`);
  });

  it('ends a step that hangs, with what it started', async () => {
    const inner = 'setInterval(() => {}, 1000)';
    const outer = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: 'ignore' });
      require('node:fs').writeFileSync(process.env.PID_FILE, String(child.pid));
      ${inner}`;
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-step-'));
    process.env.PID_FILE = join(folder, 'pid');
    const result = await runStep(step(outer, 0.02));
    const pid = Number(readFileSync(process.env.PID_FILE, 'utf8'));
    rmSync(folder, { recursive: true });
    delete process.env.PID_FILE;
    assert.equal(result.code, 1);
    assert.deepEqual(result.counts, { passed: 0, failed: 1 });
    for (let i = 0; i < 50 && isRunning(pid); i += 1) await sleep(20);
    assert.equal(isRunning(pid), false);
  });
});

describe('countStep', () => {
  it('sums the summaries of node:test and of forge', () => {
    const forge = 'Ran 2 test suites in 1s: 5 tests passed, 2 failed, 0 skipped (7 total tests)';
    const output = `\u001b[34mℹ pass 3\u001b[39m\nℹ fail 1\n# pass 10\n# fail 0\n${forge}\n`;
    assert.deepEqual(countStep(output, 1), { passed: 18, failed: 3 });
  });
  it('counts a step without a summary as one check', () => {
    assert.deepEqual(countStep('fine', 0), { passed: 1, failed: 0 });
    assert.deepEqual(countStep('', 2), { passed: 0, failed: 1 });
  });
  it('never lets a failed step pass, whatever its summary says', () => {
    assert.deepEqual(countStep('ℹ pass 3\nℹ fail 0\n', 1), { passed: 3, failed: 1 });
  });
});

describe('filters', () => {
  const path = 'packages/host/test/venue.test.ts';
  it('take a package by its name and any file by a part of its path', () => {
    assert.ok(matches(path, []) && matches(path, ['host']) && matches(path, ['venue.test']));
    assert.ok(matches('tools/test/a.test.ts', ['core', 'tools']));
    assert.ok(!matches(path, ['venue']) && !matches(path, ['nothing']));
  });
});

describe('generated files', () => {
  it('are stale when missing or different, and fresh once written', () => {
    const files = { 'docs/A.md': 'a\n' };
    assert.deepEqual(drift(files, folder), ['docs/A.md']);
    assert.deepEqual(write(files, folder), ['docs/A.md']);
    assert.deepEqual(drift(files, folder), []);
    assert.deepEqual(drift({ 'docs/A.md': 'b\n' }, folder), ['docs/A.md']);
    assert.deepEqual(write(files, folder), []);
  });
});

describe('contract modules', () => {
  const artifact = (object: string, linkReferences = {}): Artifact => ({
    abi: [{ type: 'error', name: 'Short', inputs: [{ type: 'uint256' }] }],
    bytecode: { object, linkReferences },
    deployedBytecode: { object },
  });
  it('name what is declared, not what is mentioned', () => {
    const text = '// contract No {}\nabstract contract A {}\ninterface IB {}\n/* library C */\n';
    assert.deepEqual(declaredNames(text), ['A', 'IB']);
  });
  it('hold interface and code, which nothing has to link', () => {
    assert.match(
      renderModule('IVault', artifact('0x')),
      /^export const iVaultAbi = \[.*as const;\n$/,
    );
    const links = { 'src/M.sol': { Margin: [{ start: 7, length: 20 }] } };
    assert.match(
      renderModule('Vault', artifact('0x60')),
      /vaultBytecode: `0x\$\{string\}` = '0x60';/,
    );
    assert.throws(() => renderModule('Vault', artifact('0x60', links)), /src\/M\.sol/);
  });
  it('list each error once and measure deployed code', () => {
    const { abi } = artifact('0x');
    assert.deepEqual(collectErrors([abi, abi, [{ type: 'event', name: 'E' }]]), abi);
    assert.equal(codeSize(artifact('0x6001')), 2);
  });
});

describe('setup', () => {
  const install = (name: string, lock: object, record?: object): string => {
    const home = join(folder, name);
    const files = { 'package-lock.json': lock, 'node_modules/.package-lock.json': record };
    for (const [path, packages] of Object.entries(files)) {
      if (!packages) continue;
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), JSON.stringify({ packages }));
    }
    mkdirSync(join(home, 'node_modules/a'), { recursive: true });
    return home;
  };
  const a = (version: string): object => ({ 'node_modules/a': { version } });
  const other = { 'node_modules/b-win32': { version: '1.0.0', optional: true } };

  it('refuses an old Node and takes a new one', () => {
    assert.throws(() => checkNode('18.20.0'), /Node 20\.19 or newer/);
    assert.throws(() => checkNode('20.18.3'), /Node 20\.19 or newer/);
    checkNode('20.19.0');
    checkNode('24.0.0');
  });
  it('sees an install that is in line with the lock', () => {
    const home = install('fresh', { '': {}, ...a('1.0.0'), ...other }, a('1.0.0'));
    assert.equal(dependenciesAreInstalled(home), true);
  });
  it('sees a missing, an older and a deleted install', () => {
    assert.equal(dependenciesAreInstalled(install('none', a('1.0.0'))), false);
    assert.equal(dependenciesAreInstalled(install('old', a('1.0.1'), a('1.0.0'))), false);
    const lock = { 'node_modules/c': { version: '1.0.0' } };
    assert.equal(dependenciesAreInstalled(install('gone', lock, lock)), false);
  });
});

import { strict as assert } from 'node:assert';
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isRejection } from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';
import {
  ceremonyId,
  productionFault,
  stepHash,
  stepText,
  type Transcript,
  transcriptFault,
} from '../src/index.ts';
import {
  beginCeremony,
  closePhase,
  contribute,
  developmentKeys,
  keyNames,
  loadKey,
  loadTranscript,
  saveTranscript,
  toolbox,
  verifyCeremony,
} from '../src/node/index.ts';
import { root } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-ceremony-'));
const tools = {
  ...toolbox(root, join(folder, 'out')),
  circuits: join(import.meta.dirname, 'tiny'),
};
const dir = join(folder, 'whole');
const people = [1, 2].map((i) => privateKeyToAccount(`0x${String(i).repeat(64)}`));
const names = ['ann', 'ben'];
const contributors = people.map(({ address }, i) => ({ name: names[i]!, address }));
const beacon = { chainId: 31_337, powersBlock: 100, keysBlock: 200 };
const blocks: Record<number, { value: string; time: number }> = {
  100: { value: 'ab'.repeat(32).replace('b', 'c'), time: 2_000 },
  200: { value: 'cd'.repeat(32).replace('d', 'e'), time: 4_000 },
};

after(() => rmSync(folder, { recursive: true, force: true }));

const give = (i: number, now: number, signer = i, at = dir) =>
  contribute(tools, at, {
    name: names[i]!,
    entropy: `typed by ${names[i]}`,
    sign: (message) => people[signer]!.signMessage({ message }),
    now,
  });
const close = (block: number, at = dir) =>
  closePhase(tools, at, { block, ...blocks[block]! }, blocks[block]!.time + 1);
const codeOf = (value: unknown): string => (isRejection(value) ? value.code : 'none');

describe('a ceremony', () => {
  before(async () => {
    await beginCeremony(tools, dir, { size: 4, contributors, beacon, now: 1_000 });
    assert.equal(codeOf(await close(100)), 'ContributorMissing');
    assert.equal(codeOf(await give(0, 1_001)), 'none');
    assert.equal(codeOf(await give(0, 1_002)), 'ContributedAlready');
    assert.equal(codeOf(await give(1, 1_003, 0)), 'TranscriptBroken');
    assert.equal(codeOf(await give(1, 1_003)), 'none');
    assert.equal(codeOf(await verifyCeremony(tools, dir)), 'none');
    cpSync(dir, join(folder, 'late'), { recursive: true });
    assert.equal(codeOf(await close(100)), 'none');
    for (const i of [0, 1]) assert.equal(codeOf(await give(i, 3_000 + i)), 'none');
    assert.equal(codeOf(await close(200)), 'none');
  });

  it('makes keys that verify, and that production takes', async () => {
    const report = await verifyCeremony(tools, dir, { blockOf: async (n) => blocks[n]! });
    assert.ok(!isRejection(report), JSON.stringify(report));
    assert.equal(report.phase, 'done');
    assert.equal(report.contributions.length, 4);
    assert.ok(report.areBeaconsCompared);
    for (const name of ['solvency', 'margin'] as const) {
      const key = loadKey(join(dir, keyNames(name, 4).key));
      assert.equal(productionFault(loadTranscript(dir), key), undefined);
      assert.equal(key.isDevelopment, false);
    }
    assert.equal(codeOf(await give(0, 5_000)), 'CeremonyDone');
  });

  it('is refused with beacons that are not those of the chain', async () => {
    const other = async () => ({ value: 'ef'.repeat(32), time: 2_000 });
    assert.equal(codeOf(await verifyCeremony(tools, dir, { blockOf: other })), 'BeaconDiffers');
  });

  it('has no contribution after its beacon, and no other block for one', async () => {
    const late = join(folder, 'late');
    const early = { value: blocks[100]!.value, time: 1_002 };
    assert.equal(
      codeOf(await closePhase(tools, late, { block: 100, ...early }, 1)),
      'TranscriptBroken',
    );
    const another = { block: 101, value: blocks[100]!.value, time: 2_000 };
    assert.equal(codeOf(await closePhase(tools, late, another, 1)), 'TranscriptBroken');
    const flat = { block: 100, value: '0'.repeat(64), time: 2_000 };
    assert.equal(codeOf(await closePhase(tools, late, flat, 1)), 'TranscriptBroken');
  });

  it('notices a file that was exchanged, and a key of another ceremony', async () => {
    const changed = join(folder, 'changed');
    cpSync(dir, changed, { recursive: true });
    copyFileSync(join(dir, 'margin-4.zkey'), join(changed, 'solvency-4.zkey'));
    assert.equal(codeOf(await verifyCeremony(tools, changed)), 'FileDiffers');
  });

  it('notices a last file that leaves out a contribution of the transcript', async () => {
    const dropped = join(folder, 'dropped');
    cpSync(join(folder, 'late'), dropped, { recursive: true });
    const transcript = loadTranscript(dropped);
    // The coordinator takes ann's powers for those after ben and signs with a key of its own.
    const own = privateKeyToAccount(`0x${'7'.repeat(64)}`);
    const step = transcript.steps[2]!;
    step.files = { powers: { ...transcript.steps[1]!.files.powers! } };
    step.hash = stepHash(step);
    saveTranscript(dropped, transcript);
    assert.equal(codeOf(await verifyCeremony(tools, dropped)), 'TranscriptBroken');
    transcript.contributors[1] = { name: 'ben', address: own.address };
    relink(transcript);
    for (const each of transcript.steps.filter(({ action }) => action === 'contribute')) {
      const signer = each.name === 'ann' ? people[0]! : own;
      const message = stepText(ceremonyId(transcript), each);
      each.signature = await signer.signMessage({ message });
    }
    saveTranscript(dropped, transcript);
    assert.equal(transcriptFault(transcript), undefined);
    assert.equal(codeOf(await verifyCeremony(tools, dropped)), 'ContributionsDiffer');
  });

  it('every field of its transcript is bound', () => {
    const whole = loadTranscript(dir);
    const changes: ((of: Transcript) => void)[] = [
      (of) => of.steps.splice(2, 1),
      (of) => of.steps.reverse(),
      (of) => of.steps.splice(0),
      (of) => Object.assign(of.steps[1]!, { name: 'ben' }),
      (of) => Object.assign(of.steps[1]!, { at: 5 }),
      (of) => Object.assign(of.steps[1]!, { signature: of.steps[2]!.signature }),
      (of) => Object.assign(of.steps[1]!, { responses: {} }),
      (of) => Object.assign(of.circuits[0]!, { r1cs: '0'.repeat(64) }),
      (of) => Object.assign(of.beacon!, { keysBlock: 201 }),
      (of) => of.contributors.pop(),
    ];
    for (const change of changes) {
      const copy = structuredClone(whole);
      change(copy);
      assert.equal(codeOf(transcriptFault(copy)), 'TranscriptBroken', String(change));
    }
  });

  it('tells what the tools say when they fail', async () => {
    const torn = join(folder, 'torn');
    cpSync(dir, torn, { recursive: true });
    writeFileSync(join(torn, 'ceremony.json'), '{');
    await assert.rejects(() => verifyCeremony(tools, torn), { code: 'FileMalformed' });
    rmSync(join(torn, 'ceremony.json'));
    await assert.rejects(() => verifyCeremony(tools, torn), { code: 'CeremonyMissing' });
    const options = { size: 4, contributors, beacon, now: 1 };
    await assert.rejects(() => beginCeremony(tools, dir, options), { code: 'FolderTaken' });
  });
});

/** Hashes of all steps anew after a change. */
function relink(transcript: Transcript): void {
  let previous = ceremonyId(transcript);
  for (const step of transcript.steps) {
    step.previous = previous;
    step.hash = stepHash(step);
    previous = step.hash;
  }
}

describe('development keys', () => {
  const made = join(folder, 'development');
  before(() => developmentKeys(tools, made, { size: 4, now: 1 }));

  it('say what they are, and leave nothing else', () => {
    assert.deepEqual(readdirSync(made).sort(), [
      'ceremony.json',
      'margin-4.key.json',
      'margin-4.zkey',
      'solvency-4.key.json',
      'solvency-4.zkey',
    ]);
    const transcript = loadTranscript(made);
    assert.equal(transcript.kind, 'development');
    assert.equal(transcriptFault(transcript), undefined);
    const key = loadKey(join(made, 'solvency-4.key.json'));
    assert.ok(key.isDevelopment);
    assert.equal(codeOf(productionFault(transcript, key)), 'KeyNotProduction');
  });

  it('are not taken for production with the mark rubbed off, nor under another transcript', () => {
    const key = { ...loadKey(join(made, 'solvency-4.key.json')), isDevelopment: false };
    const transcript = loadTranscript(made);
    const renamed: Transcript = { ...transcript, kind: 'ceremony' };
    assert.equal(codeOf(productionFault(transcript, key)), 'KeyNotProduction');
    assert.notEqual(codeOf(productionFault(renamed, key)), 'none');
    const real = loadTranscript(dir);
    assert.equal(codeOf(productionFault(real, key)), 'KeyNotProduction');
    const ceremony = ceremonyId(real).slice(2);
    assert.equal(codeOf(productionFault(real, { ...key, ceremony })), 'KeyNotProduction');
  });

  it('a ceremony that is not finished, or of too few, makes no production key', () => {
    const real = loadTranscript(dir);
    const key = loadKey(join(dir, 'solvency-4.key.json'));
    const short = { ...real, steps: real.steps.slice(0, -1) };
    assert.equal(codeOf(productionFault(short, key)), 'KeyNotProduction');
    const missing = structuredClone(real);
    missing.steps.splice(5, 1);
    missing.steps.forEach((step, index) => {
      step.index = index;
    });
    relink(missing);
    assert.notEqual(codeOf(productionFault(missing, key)), 'none');
  });
});

it('what a contributor types is in no argument and no file', () => {
  for (const file of readdirSync(dir)) {
    assert.ok(!readFileSync(join(dir, file)).includes('typed by'), file);
  }
});

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { scryptForRandom } from '@holdfast/host';
import {
  createVault,
  foundParty,
  invite,
  inviteToJoin,
  makeIdentity,
  openParty,
  openVault,
  partyPaths,
  passphraseFrom,
  readCard,
  readInvitation,
  readParty,
} from '@holdfast/party';
import { noRecords } from '@holdfast/quorum';
import { isRejection } from '@holdfast/units';

const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected);
  return true;
};
const founding = (threshold = 2) =>
  invite({
    name: 'oracle',
    chainId: 1,
    contract: `0x${'11'.repeat(20)}`,
    threshold,
    parties: ['ann', 'bob', 'cid'],
    relay: 'ws://127.0.0.1:1',
  });

describe('custody', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'holdfast-party-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const make = async () => {
    const path = join(dir, 'vault.json');
    const identity = makeIdentity();
    const vault = await createVault(path, 'pass', { identity }, scryptForRandom);
    return { path, identity, vault };
  };

  it('gives secrets back to the passphrase alone, and shows none of them', async () => {
    const { path, identity, vault } = await make();
    const mark = { gen: 3, attempt: 4 };
    await vault.save({ ...noRecords, mark });
    const opened = await openVault(path, 'pass');
    assert.deepEqual(opened.secrets, { identity, records: { ...noRecords, mark } });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const text = readFileSync(path, 'utf8');
    for (const secret of [identity.sign.secret, identity.seal.secret]) {
      assert.ok(!text.includes(secret.slice(2)));
    }
    await assert.rejects(openVault(path, 'Pass'), code('PassphraseWrong'));
  });

  it('uses a nonce once', async () => {
    const { path, vault } = await make();
    const nonceOf = () => JSON.parse(readFileSync(path, 'utf8')).nonce as string;
    const first = nonceOf();
    await vault.save(noRecords);
    assert.notEqual(nonceOf(), first);
  });

  it('refuses a file that was changed', async () => {
    const { path } = await make();
    const file = JSON.parse(readFileSync(path, 'utf8'));
    const flip = (text: string) => (text.startsWith('0') ? '1' : '0') + text.slice(1);
    for (const field of ['data', 'tag', 'nonce', 'salt']) {
      writeFileSync(path, JSON.stringify({ ...file, [field]: flip(file[field]) }));
      await assert.rejects(openVault(path, 'pass'), code('PassphraseWrong'), field);
    }
    writeFileSync(path, JSON.stringify({ ...file, n: file.n / 2 }));
    await assert.rejects(openVault(path, 'pass'), code('PassphraseWrong'));
    writeFileSync(path, JSON.stringify({ ...file, cipher: 'none' }));
    await assert.rejects(openVault(path, 'pass'), code('VaultMalformed'));
    writeFileSync(path, JSON.stringify(file).slice(0, 100));
    await assert.rejects(openVault(path, 'pass'), code('FileMalformed'));
  });

  it('never overwrites a party, and outlives a write that was cut off', async () => {
    const { path, vault } = await make();
    const again = createVault(path, 'pass', { identity: makeIdentity() }, scryptForRandom);
    await assert.rejects(again, code('VaultExists'));
    await vault.save({ ...noRecords, mark: { gen: 1, attempt: 1 } });
    writeFileSync(`${path}.1.tmp`, '{"half":');
    assert.equal((await openVault(path, 'pass')).secrets.records.mark.gen, 1);
  });

  it('takes a passphrase from a file, a command or a person', async () => {
    const file = join(dir, 'pass');
    writeFileSync(file, 'from a file\n', { mode: 0o600 });
    assert.equal(await passphraseFrom({ file }), 'from a file');
    chmodSync(file, 0o644);
    await assert.rejects(passphraseFrom({ file }), code('PassphraseExposed'));
    const print = (text: string) => [process.execPath, '-e', `console.log('${text}')`];
    assert.equal(await passphraseFrom({ command: print('from a service') }), 'from a service');
    const bad = [print(''), ['/no/such/program'], [process.execPath, '-e', 'process.exit(3)'], []];
    for (const command of bad) {
      await assert.rejects(passphraseFrom({ command }), code('PassphraseCommandFailed'));
    }
    assert.equal(await passphraseFrom({ ask: async () => 'typed' }), 'typed');
    const nobody = passphraseFrom({ ask: async () => undefined });
    await assert.rejects(nobody, code('PassphraseMissing'));
  });

  it('founds a party from its invitation, with keys of its own', async () => {
    const invitations = founding();
    assert.ok(!isRejection(invitations));
    const [first] = invitations;
    const invitation = readInvitation(JSON.parse(JSON.stringify(first)), 'first');
    await foundParty(dir, invitation, 'pass', scryptForRandom);
    const paths = partyPaths(dir);
    assert.equal(readParty(dir).name, 'ann');
    assert.ok(!readFileSync(paths.party, 'utf8').includes(first!.enrol.secret));
    const card = readCard(JSON.parse(readFileSync(paths.card, 'utf8')), 'card');
    const vault = await openParty(dir, 'pass');
    assert.equal(card.key, vault.secrets.identity.sign.public);
    assert.throws(() => readCard({ ...card, name: 'mal' }, 'card'), code('CardMalformed'));
    assert.throws(() => readParty(join(dir, 'none')), code('PartyMissing'));
  });

  it('refuses invitations that do not fit together', () => {
    const two = founding();
    assert.ok(!isRejection(two));
    const swapped = { ...two[0], enrol: two[1]!.enrol };
    assert.throws(() => readInvitation(swapped, 'swapped'), code('InvitationMalformed'));
    assert.throws(() => readInvitation({}, 'empty'), code('InvitationMalformed'));
    const four = founding(4);
    assert.equal(isRejection(four) && four.code, 'ThresholdWrong');
    const forged = inviteToJoin(
      {
        roster: { ...two[0]!.committee, parties: [] },
        certificate: {
          sid: `0x${'00'.repeat(32)}`,
          gen: 1,
          attempt: 1,
          roster: `0x${'00'.repeat(32)}`,
          threshold: 2,
          holders: [1, 2],
          groupKey: `0x02${'11'.repeat(32)}`,
          transcript: `0x${'00'.repeat(32)}`,
          signature: `0x${'00'.repeat(65)}`,
        },
        keys: { threshold: 2, commitments: [], holders: {} },
      },
      'ws://127.0.0.1:1',
      'dan',
    );
    assert.throws(() => readInvitation(forged, 'forged'), code('InvitationMalformed'));
  });
});

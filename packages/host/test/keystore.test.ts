import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createKey, listKeys, loadKey, loadOrCreateKey, readPassphrase } from '@holdfast/host';
import { temporaryDir } from './helpers.ts';

const cheap = { n: 2 ** 10, r: 8, p: 1 };
const knownKey = `0x${'11'.repeat(32)}` as const;
const knownAddress = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';

async function inDir(body: (dir: string) => Promise<void>): Promise<void> {
  const { dir, remove } = temporaryDir();
  try {
    await body(dir);
  } finally {
    remove();
  }
}

describe('keystore', () => {
  it('opens what it made, and signs with it', async () => {
    await inDir(async (dir) => {
      const options = { privateKey: knownKey, cost: cheap, passphrase: 'correct horse' };
      const made = await createKey(dir, 'alice', options);
      assert.equal(made.address, knownAddress);
      const opened = await loadKey(dir, 'alice', { passphrase: 'correct horse' });
      assert.equal(opened.address, knownAddress);
      const message = 'hello';
      assert.equal(await opened.signMessage({ message }), await made.signMessage({ message }));
    });
  });

  it('keeps the key out of the file and the files to their owner', async () => {
    await inDir(async (dir) => {
      await createKey(join(dir, 'keys'), 'alice', { privateKey: knownKey });
      const path = join(dir, 'keys', 'alice.json');
      assert.ok(!readFileSync(path, 'utf8').includes('11'.repeat(32)));
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(statSync(join(dir, 'keys', 'alice.pass')).mode & 0o777, 0o600);
      assert.equal(statSync(join(dir, 'keys')).mode & 0o777, 0o700);
    });
  });

  it('refuses a wrong passphrase, a second key of the name and a name with a path', async () => {
    await inDir(async (dir) => {
      await createKey(dir, 'alice', { passphrase: 'right', cost: cheap });
      const wrong = loadKey(dir, 'alice', { passphrase: 'wrong' });
      await assert.rejects(wrong, { code: 'PassphraseWrong' });
      await assert.rejects(createKey(dir, 'alice'), { code: 'KeyExists' });
      await assert.rejects(createKey(dir, '../alice'), { code: 'KeyNameWrong' });
      await assert.rejects(loadKey(dir, 'bob'), { code: 'FileMissing' });
    });
  });

  it('refuses a file whose ciphertext or address was changed', async () => {
    await inDir(async (dir) => {
      await createKey(dir, 'alice', { passphrase: 'right', cost: cheap });
      const path = join(dir, 'alice.json');
      const file = JSON.parse(readFileSync(path, 'utf8'));
      const crypto = { ...file.crypto, ciphertext: '00'.repeat(32) };
      writeFileSync(path, JSON.stringify({ ...file, crypto }));
      await assert.rejects(loadKey(dir, 'alice', { passphrase: 'right' }), {
        code: 'PassphraseWrong',
      });
      writeFileSync(path, JSON.stringify({ ...file, address: '1'.repeat(40) }));
      await assert.rejects(loadKey(dir, 'alice', { passphrase: 'right' }), {
        code: 'KeyMalformed',
      });
    });
  });

  it('refuses a passphrase file that others can read', async () => {
    await inDir(async (dir) => {
      const path = join(dir, 'pass');
      writeFileSync(path, 'secret\n', { mode: 0o600 });
      assert.equal(readPassphrase(path), 'secret');
      chmodSync(path, 0o644);
      assert.throws(() => readPassphrase(path), { code: 'PassphraseExposed' });
    });
  });

  it('lists keys and skips other files', async () => {
    await inDir(async (dir) => {
      const made = await loadOrCreateKey(dir, 'zoe');
      const again = await loadOrCreateKey(dir, 'zoe');
      assert.equal(again.address, made.address);
      await createKey(dir, 'adam', { passphrase: 'x', cost: cheap });
      writeFileSync(join(dir, 'other.json'), '{}');
      assert.deepEqual(
        listKeys(dir).map((key) => key.name),
        ['adam', 'zoe'],
      );
      assert.equal(listKeys(dir)[1]?.address, made.address.toLowerCase());
      assert.deepEqual(listKeys(join(dir, 'absent')), []);
    });
  });
});

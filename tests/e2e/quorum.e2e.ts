/**
 * A committee as processes of the operating system: kill -9 of a party in each phase of a
 * ceremony. The session resumes or is void, no share is lost, and the key never changes.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openVault, partyPaths } from '@holdfast/party';
import { verifySignature } from '@holdfast/quorum';
import { fromHex, type Hex } from '@holdfast/units';
import { createGroup, type Group, passphrase } from './harness/committee.ts';

describe('three parties as processes', () => {
  let group: Group;
  before(async () => {
    group = await createGroup(2, ['ann', 'bob', 'cid']);
  });
  after(() => group.end());

  it('make a key, sign, and hold their shares sealed', async () => {
    for (const name of group.names) group.start(name);
    await group.until('a key', () => group.isAt(1));
    const { groupKey } = await group.status('ann');
    const signature = await group.sign('ann', '0x1234');
    assert.ok(verifySignature(groupKey!, fromHex('0x1234'), signature));
    const secrets = await Promise.all(
      group.names.map(async (name) => {
        const vault = await openVault(partyPaths(group.dirOf(name)).vault, passphrase);
        const { identity, records } = vault.secrets;
        return [identity.sign.secret, identity.seal.secret, records.active!.key!.share];
      }),
    );
    for (const name of group.names) {
      const home = group.dirOf(name);
      const told = JSON.stringify(group.process(name).lines);
      const files = readdirSync(home).filter((each) => each.endsWith('.json'));
      const texts = files.map((each) => readFileSync(join(home, each), 'utf8'));
      for (const secret of secrets.flat().map((each) => each.slice(2))) {
        assert.ok(!told.includes(secret), `${name} logged a secret`);
        assert.ok(!texts.some((each) => each.includes(secret)), `${name} wrote a secret`);
      }
      assert.equal(statSync(partyPaths(home).vault).mode & 0o777, 0o600);
      assert.equal(statSync(home).mode & 0o777, 0o700);
    }
  });

  it('sign nothing that their operators did not allow', async () => {
    const { status, body } = await group.call('ann', '/sign', { message: '0x9999' });
    assert.equal(status, 409);
    assert.equal((body as { code: string }).code, 'QuorumShort');
  });

  it('go on after one is killed, which then comes back', async () => {
    await group.kill('cid');
    await group.sign('bob', '0x5678');
    group.start('cid');
    await group.until('the return', () => group.isAt(1));
    await group.kill('ann');
    await group.sign('cid', '0x9abc');
    group.start('ann');
    await group.until('the return', () => group.isAt(1));
  });
});

/** Kills a party when it enters the phase, before it has said its word there or after. */
async function killIn(group: Group, name: string, phase: string): Promise<void> {
  const process = group.process(name);
  await new Promise<void>((resolve) => {
    process.onLine = (line) => {
      if (line.phase === phase) resolve();
    };
  });
  await group.kill(name);
}

const patience = ['--phase-ms', '1500'];
const phases = ['commit', 'echo', 'deal', 'verdict', 'reveal', 'confirm', 'life'];
/** All phases of both ceremonies in the long run; here those in which something is at stake. */
const isLong = process.env.E2E_DEATHS !== undefined;
const first = isLong ? phases : ['life'];
const again = isLong ? phases : ['deal', 'confirm', 'life'];

describe('a party that is killed', () => {
  for (const phase of first) {
    it(`in the phase ${phase} of a new key: it comes, and all who hold it sign`, async () => {
      const group = await createGroup(2, ['ann', 'bob', 'cid']);
      try {
        for (const name of group.names) group.start(name, ...patience);
        await killIn(group, 'bob', phase);
        group.start('bob', ...patience);
        const hasKey = async () => {
          const all = await Promise.all(group.names.map((name) => group.status(name)));
          const holders = all.filter((each) => each.isHolder).length;
          const keys = new Set(all.map((each) => each.groupKey));
          return all.every((each) => each.gen === 1) && keys.size === 1 && holders >= 2;
        };
        await group.until('a key', hasKey);
        await group.sign('ann', '0x1234');
      } finally {
        await group.end();
      }
    });
  }

  it('in the phases of a refresh: the key lives on with all its holders', async () => {
    const group = await createGroup(2, ['ann', 'bob', 'cid']);
    try {
      for (const name of group.names) group.start(name, ...patience);
      await group.until('a key', () => group.isAt(1));
      const { groupKey } = await group.status('ann');
      let gen = 1;
      for (const [i, phase] of again.entries()) {
        // The leader too: then the attempt is void, and its operator begins again.
        const victim = i % 3 === 1 ? 'ann' : 'bob';
        const { body } = await group.call('ann', '/active');
        const death = killIn(group, victim, phase);
        await group.call('ann', '/reshare', { roster: (body as { roster: unknown }).roster });
        await death;
        await group.sign('cid', '0x5678').catch(() => assert.equal(phase, 'life'));
        group.start(victim, ...patience);
        const settled = async () => {
          const all = await Promise.all(group.names.map((name) => group.status(name)));
          const gens = new Set(all.map((each) => each.gen));
          const isQuiet = all.every((each) => each.state === 'idle' && each.isHolder);
          if (isQuiet && gens.size === 1) gen = all[0]!.gen;
          return isQuiet && gens.size === 1;
        };
        await group.until(`rest after ${phase}`, settled);
        const signature = await group.sign('bob', '0x9abc');
        assert.ok(verifySignature(groupKey!, fromHex('0x9abc'), signature), phase);
      }
      assert.ok(gen > 1, 'no refresh came about');
    } finally {
      await group.end();
    }
  });
});

const liar = join(import.meta.dirname, 'harness/liar.ts');
/** What a leader can do to its own signature. */
const leaders = isLong
  ? [
      ['--lie', 'swap'],
      ['--lie', 'split'],
      ['--die', 'ask'],
      ['--die', 'package'],
    ]
  : [['--lie', 'swap']];
/** And a signer to that of another. */
const signers = isLong
  ? [
      ['--lie', 'partial'],
      ['--die', 'nonces'],
      ['--die', 'partial'],
    ]
  : [['--die', 'partial']];

/** Long enough that nobody honest is silent on a busy machine. */
const calm = ['--phase-ms', '5000'];

describe('a party that lies or dies while the committee signs', () => {
  let group: Group;
  let groupKey: Hex;
  const honest = ['bob', 'cid', 'dan'];
  before(async () => {
    group = await createGroup(2, ['ann', ...honest]);
    for (const name of group.names) group.start(name, '--phase-ms', '30000');
    await group.until('a key', () => group.isAt(1), 120_000);
    groupKey = (await group.status('ann')).groupKey!;
  });
  after(() => group.end());

  async function turn(how: readonly string[]): Promise<void> {
    await group.kill('ann');
    group.startAs(liar, 'ann', ...calm, ...how);
    await group.until('the party', async () => (await group.status('ann')).isConnected);
  }
  const blames = async (): Promise<string[]> => {
    const all = await Promise.all(honest.map((name) => group.status(name)));
    return all.flatMap((each) => each.blames);
  };
  async function goesOn(message: Hex): Promise<void> {
    for (const name of ['bob', 'cid']) {
      assert.ok(verifySignature(groupKey, fromHex(message), await group.sign(name, message)));
    }
  }

  for (const how of leaders) {
    it(`as its leader, ${how.join(' ')}: nothing is signed, and another leads`, async () => {
      await turn(how);
      await assert.rejects(group.sign('ann', '0x1234'));
      await goesOn('0x1234');
      if (how[1] !== 'swap') return;
      // On a busy machine its package may come too late to be looked at.
      await group.until('its name', async () => {
        if ((await blames()).some((each) => each.startsWith('ann: LeadWrong in package')))
          return true;
        await assert.rejects(group.sign('ann', '0x1234'));
        return false;
      });
    });
  }

  for (const how of signers) {
    it(`as a signer, ${how.join(' ')}: others sign in its place`, async () => {
      await turn(how);
      await goesOn('0x5678');
    });
  }

  it('as the leader of a refresh: it is named, and another one refreshes', async () => {
    await turn(['--lie', 'equivocate']);
    const { body } = await group.call('ann', '/active');
    const { roster } = body as { roster: unknown };
    await group.call('ann', '/reshare', { roster });
    await group.until('a proof of the lie', async () =>
      (await blames()).some((each) => /^ann: (Equivocated|ConfirmWrong)/.test(each)),
    );
    await group.kill('ann');
    // Refused while another attempt still goes on.
    await group.until('another ceremony', async () => {
      const { status } = await group.call('bob', '/reshare', { roster });
      return status === 200;
    });
    await group.until('another generation', () => group.isAt(2, honest));
    await goesOn('0x9abc');
  });
});

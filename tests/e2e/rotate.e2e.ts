/**
 * A committee hands its key over on chain, by the commands that operators use: proof of life,
 * draft, consent, proposal, veto, delay; then its key is revoked and governance replaces it.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Handover, type Offer, statementDigest } from '@holdfast/party';
import { createGroup, type Group } from './harness/committee.ts';
import { type Answer, holdfast, openSite, type Site } from './harness/registry.ts';
import { inFolder, tell } from './harness/stage.ts';
import { since, until } from './harness/until.ts';

/** Wall seconds of a day on this chain: a rotation waits one, a replacement seven. */
const daySeconds = 1;
const names = ['ann', 'bob', 'cid'];

describe('a committee and its key on chain', { timeout: 240_000 }, () => {
  const groups: Group[] = [];
  let site: Site;
  let done: Promise<void>;
  let finish: () => void = () => undefined;

  before(async () => {
    const open = new Promise<void>((ready, fail) => {
      done = inFolder(async (dir) => {
        site = await openSite(dir, daySeconds);
        ready();
        await new Promise<void>((end) => {
          finish = end;
        });
        await site.end();
      }).catch(fail) as Promise<void>;
    });
    await open;
    await Promise.all([found(), found()]);
  });
  after(async () => {
    await Promise.all(groups.map((group) => group.end()));
    finish();
    await done;
  });

  const file = (name: string): string => join(site.dir, name);
  const read = <T>(name: string): T => JSON.parse(readFileSync(file(name), 'utf8')) as T;
  const quorum = (group: Group, name: string, ...words: string[]): Promise<Answer> =>
    holdfast(site.dir, 'quorum', ...words, '--dir', group.dirOf(name));
  const committee = (...words: string[]): Promise<Answer> =>
    holdfast(site.dir, 'committee', ...words, '--venue', site.dir);
  function good(answer: Answer): string {
    assert.equal(answer.exit, 0, answer.out + answer.err);
    return answer.out;
  }
  const refused = (answer: Answer, code: RegExp): void => {
    assert.notEqual(answer.exit, 0, answer.out);
    assert.match(answer.err, code);
  };

  /** A committee of three with a key, whose parties see the chain. */
  async function found(): Promise<Group> {
    const contract = site.registry.toLowerCase() as `0x${string}`;
    const group = await createGroup(2, names, contract);
    groups.push(group);
    // So patient that nobody is left out of the key on a busy machine.
    for (const name of names) group.start(name, '--rpc', site.rpcUrl, '--phase-ms', '30000');
    await group.until('a key', () => group.isAt(1), 120_000);
    return group;
  }

  async function generation(): Promise<{ generation: number; key: string; isRevoked: boolean }> {
    return JSON.parse(good(await committee('show', '--json')));
  }
  /** All parties see this generation at their own node. */
  const seen = (group: Group, number: number, isRevoked = false) =>
    group.until('the parties see it', async () => {
      const all = await Promise.all(names.map((name) => group.status(name)));
      return all.every(
        ({ registry }) => registry?.generation === number && (registry.key === null) === isRevoked,
      );
    });
  const apply = (what: string) =>
    until(
      `the ${what}`,
      30_000,
      async () => (await committee('apply', 'oracle', '--key', 'keeper')).exit === 0,
      100,
    );

  it('hands over by consent, and not without', async () => {
    const [old, next] = groups as [Group, Group];
    good(await quorum(old, 'ann', 'prove', '--out', file('first.json')));
    await site.deploy(read<Offer>('first.json'));
    const first = await generation();
    assert.equal(first.generation, 1);
    await seen(old, 1);
    await seen(next, 1);
    good(await quorum(next, 'bob', 'prove', '--out', file('new.json')));
    const offer = read<Offer>('new.json');
    assert.equal(offer.life.generation, 2);

    // A proof of life by another key is none, and neither is one with another threshold.
    const forged = { ...offer, signature: read<Offer>('first.json').signature };
    writeFileSync(file('forged.json'), JSON.stringify(forged));
    refused(await quorum(old, 'ann', 'rotate', file('forged.json')), /LifeWrong/);
    const weak = { ...offer.life, roster: { ...offer.life.roster, threshold: 3 } };
    writeFileSync(file('weak.json'), JSON.stringify({ ...offer, life: weak }));
    refused(await quorum(old, 'ann', 'rotate', file('weak.json')), /LifeWrong/);
    // A committee that has nothing in force has nothing to hand over.
    refused(await quorum(next, 'ann', 'rotate', file('new.json')), /KeyNotInForce/);

    const rotation = file('rotation.json');
    assert.match(
      good(
        await quorum(old, 'ann', 'rotate', file('new.json'), '--valid', '20d', '--out', rotation),
      ),
      /hand-over/,
    );
    refused(await committee('propose', rotation, '--key', 'keeper'), /is a draft/);
    refused(
      await quorum(old, 'ann', 'sign', '--rotation', rotation),
      /QuorumShort.*MessageUnapproved/s,
    );
    const digest = statementDigest(read<Handover>('rotation.json').rotation) as string;
    const bare = await old.call('bob', '/allow', { message: digest });
    assert.equal((bare.body as { code: string }).code, 'DigestBare');
    const shown = good(await quorum(old, 'bob', 'allow', '--rotation', rotation));
    assert.ok(shown.includes(digest) && shown.includes('fingerprint'), shown);
    refused(await quorum(old, 'ann', 'sign', '--rotation', rotation), /QuorumShort/);
    const wrong = `0x${'00'.repeat(32)}`;
    refused(await quorum(old, 'bob', 'allow', '--rotation', rotation, '--hash', wrong), /not 0x00/);
    good(await quorum(old, 'bob', 'allow', '--rotation', rotation, '--hash', digest));
    good(await quorum(old, 'ann', 'sign', '--rotation', rotation));

    good(await committee('propose', rotation, '--key', 'keeper'));
    assert.match(good(await committee('show')), /pending rotation +0x0[23]/);
    good(await committee('veto', 'oracle', '--key', 'guardian'));
    assert.match(good(await committee('show')), /pending rotation +none/);
    refused(await committee('propose', rotation, '--key', 'keeper'), /RotationUnsigned/);

    // The consent was for that one proposal: the next has another number and is asked for anew.
    await old.until(
      'the number',
      async () =>
        (await quorum(old, 'ann', 'rotate', file('new.json'), '--valid', '20d', '--out', rotation))
          .exit === 0 && read<Handover>('rotation.json').rotation.number === 1,
    );
    const again = statementDigest(read<Handover>('rotation.json').rotation) as string;
    // Each party sees it in its own time.
    const allowing = ['allow', '--rotation', rotation, '--hash', again] as const;
    await old.until('it too', async () => (await quorum(old, 'cid', ...allowing)).exit === 0);
    good(await quorum(old, 'ann', 'sign', '--rotation', rotation));
    good(await committee('propose', rotation, '--key', 'keeper'));
    const began = Date.now();
    await apply('rotation');
    tell(`the rotation was applied ${since(began)} s after it was proposed`);
    const second = await generation();
    assert.deepEqual([second.generation, second.key], [2, offer.life.groupKey]);
    await seen(old, 2);
    await seen(next, 2);
    assert.match(good(await quorum(old, 'ann', 'status')), /on chain +generation 2, another key/);
    assert.match(good(await quorum(next, 'ann', 'status')), /on chain +generation 2, our key/);
    refused(await quorum(old, 'ann', 'rotate', file('new.json')), /KeyNotInForce/);
  });

  it('is replaced by governance when its key is lost or stolen', async () => {
    const [old, lost] = groups as [Group, Group];
    refused(await committee('revoke', 'oracle', '--key', 'guardian'), /NotGovernor/);
    good(await committee('revoke', 'oracle', '--key', 'governor'));
    await seen(lost, 2, true);
    assert.match(good(await committee('show')), /REVOKED/);
    // The committee of before still has its shares, and a new proof of its life.
    good(await quorum(old, 'cid', 'prove', '--out', file('again.json')));
    assert.equal(read<Offer>('again.json').life.generation, 3);
    // The thieves cannot hand over what was revoked.
    refused(await quorum(lost, 'ann', 'rotate', file('again.json')), /KeyNotInForce/);
    refused(await committee('replace', file('again.json'), '--key', 'keeper'), /NotGovernor/);
    refused(await committee('replace', file('new.json'), '--key', 'governor'), /ProofOfLifeWrong/);
    good(await committee('replace', file('again.json'), '--key', 'governor'));
    good(await committee('cancel', 'oracle', '--key', 'governor'));
    good(await committee('replace', file('again.json'), '--key', 'governor'));
    refused(await committee('apply', 'oracle', '--key', 'keeper'), /ProposalEarly/);
    assert.match(good(await committee('show')), /may be applied +in \d+ h/);
    const began = Date.now();
    await apply('replacement');
    tell(`the replacement was applied ${since(began)} s after it was proposed`);
    const third = await generation();
    assert.deepEqual([third.generation, third.isRevoked], [3, false]);
    assert.equal(third.key, read<Offer>('again.json').life.groupKey);
  });
});

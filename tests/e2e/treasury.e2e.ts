/**
 * The treasury on a real chain: from a proposal to the payment, and everything that signers refuse
 * on the way. Each refusal stands beside the same thing done honestly, which is signed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clearingHouseAbi } from '@holdfast/abi';
import { statementDigest } from '@holdfast/party';
import { encodeInstruction, readInstructionFile } from '@holdfast/treasury';
import { isRejection } from '@holdfast/units';
import { encodeFunctionData } from 'viem';
import { createTreasuryRig, policy, type TreasuryRig, units } from './harness/treasury.ts';

const payee = `0x${'5'.repeat(40)}` as const;
const thief = `0x${'6'.repeat(40)}` as const;

type Signed = { signers: number[]; digest: string };
type Shown = {
  seen: string;
  state: string;
  shown: { digest: string; calls: string[]; effects: string[] };
};

describe('a treasury', { timeout: 240_000 }, () => {
  let rig: TreasuryRig;
  before(async () => {
    rig = await createTreasuryRig();
  });
  after(() => rig.end());

  /** Proposes payments; the file's name. */
  async function propose(out: string, ...words: string[]): Promise<string> {
    const { file } = await rig.json<{ file: string }>('propose', ...words, '--out', out);
    return file;
  }
  const sign = (file: string, dir = 'ann') => rig.json<Signed>('sign', file, '--dir', dir);
  async function refused(file: string, pattern: RegExp, dir = 'ann'): Promise<void> {
    const { exit, err } = await rig.run('sign', file, '--dir', dir);
    assert.equal(exit, 1, err);
    assert.match(err, pattern);
  }
  async function submit(file: string): Promise<number> {
    const { readyAt } = await rig.json<{ readyAt: number }>('submit', file, '--key', 'keeper');
    return readyAt;
  }

  it('is opened by the next start when one broke off, and by none after it', () => {
    const [proposed, half, opened, again] = rig.openings;
    const sent = rig.openings.map((each) => each.sent - (proposed?.sent ?? 0));
    assert.ok(proposed !== undefined && proposed.wait > 86_000 && proposed.wait <= 86_400);
    assert.deepEqual([half?.wait, opened?.wait, again?.wait], [0, 0, 0]);
    assert.deepEqual(sent, [0, 1, 2, 2]);
  });

  it('pays a little by policy alone, after its delay', async () => {
    const file = await propose('small.json', '--pay', `${payee}=100`);
    const { signers } = await sign(file);
    assert.equal(signers.length, 2);
    await submit(file);
    const early = await rig.run('execute', '0', '--key', 'keeper');
    assert.match(early.err, /ProposalEarly/);
    await rig.pass(3_600);
    const shown = await rig.run('status');
    assert.match(shown.out, /instruction 0: ready/);
    await rig.json('execute', '0', '--key', 'keeper');
    assert.equal(await rig.balanceOf(payee), 100n * units);
  });

  it('lets no more go in a day without a person, whoever restarts', async () => {
    const file = await propose('more.json', '--pay', `${payee}=60`);
    const missing = /ApprovalMissing, .*24 hours is used up/;
    await refused(file, missing);
    for (const name of ['ann', 'bob', 'cid'] as const) await rig.restart(name);
    await refused(file, missing);
    await rig.pass(86_400);
    const again = await propose('again.json', '--pay', `${payee}=60`);
    assert.equal((await sign(again)).signers.length, 2);
    await submit(again);
    await rig.pass(3_600);
    await rig.json('execute', '1', '--key', 'keeper');
    assert.equal(await rig.balanceOf(payee), 160n * units);
  });

  it('pays what is more by a person’s word, and only what that person saw', async () => {
    const honest = await propose('honest.json', '--pay', `${payee}=4000`);
    const lie = await propose('lie.json', '--pay', `${thief}=4000`);
    await refused(honest, /ApprovalMissing, a person has to approve it: it pays 4000 tUSD/);
    for (const name of ['bob', 'cid']) {
      const item = await rig.json<Shown>('show', honest, '--dir', name);
      assert.equal(item.state, 'waits for a person');
      assert.match(item.shown.calls[0] as string, /transfer\(to 0x5{40}, amount 4000 tUSD/);
      await rig.json('approve', item.seen, '--dir', name);
    }
    // Shows the one, sends the other.
    await refused(lie, /(bob|cid): ApprovalMissing/);
    const digest = (await rig.json<Shown>('show', lie, '--dir', 'bob')).shown.digest;
    const bare = rig.signers.get('bob')?.party;
    bare?.allow(Buffer.from(digest.slice(2), 'hex'));
    const blind = await rig.signers.get('ann')?.party.sign(Buffer.from(digest.slice(2), 'hex'));
    assert.ok(isRejection(blind) && blind.code === 'DigestRefused', JSON.stringify(blind));
    assert.deepEqual((await sign(honest)).signers, [2, 3]);
    await submit(honest);
    await rig.pass(86_400);
    await rig.json('execute', '2', '--key', 'keeper');
    assert.equal(await rig.balanceOf(payee), 4160n * units);
    assert.equal(await rig.balanceOf(thief), 0n);
  });

  it('takes what was paid into its account out to itself, and shows what would move', async () => {
    // A fee for relaying another's withdrawal is paid to the account that the relayer names.
    await rig.relayed(1000n, 50n);
    await rig.deposit(250n);
    await rig.collect(30n);
    assert.match((await rig.run('status')).out, /fees to take +30 tUSD/);
    const file = await propose('out.json', '--withdraw', '200', '--fees', '30');
    for (const name of ['ann', 'bob']) {
      const item = await rig.json<Shown>('show', file, '--dir', name);
      assert.match(item.shown.calls[0] as string, /withdraw\(.*amount 200 tUSD.*to treasury/);
      assert.match(item.shown.calls[1] as string, /account 1, amount 30 tUSD.*to treasury/);
      assert.match(
        item.shown.effects.join(),
        /^treasury \(0x.*\): \+230 tUSD \(\+230000000 units\)$/,
      );
      await rig.json('approve', item.seen, '--dir', name);
    }
    await sign(file);
    await submit(file);
    const { address } = rig.venue.treasury as { address: `0x${string}` };
    const before = await rig.balanceOf(address);
    await rig.pass(86_400);
    await rig.json('execute', '3', '--key', 'keeper');
    assert.equal((await rig.balanceOf(address)) - before, 230n * units);
    const more = await propose('fees.json', '--fees', '1');
    await refused(more, /SimulationReverted/);
  });

  it('signs nothing that is off the list, cannot be read, or would fail', async () => {
    const { clearingHouse, token } = rig.venue.contracts;
    // approve(address,uint256) of the token; a deposit, which is nobody's to sign.
    const tail = `${'0'.repeat(24)}${thief.slice(2)}${'f'.repeat(64)}`;
    const write = (out: string, call: string) => rig.run('propose', '--call', call, '--out', out);
    const approve = await write('approve.json', `${token}=0x095ea7b3${tail}`);
    assert.match(approve.err, /TransferMalformed/);
    const args = [token, 1, 5n] as const;
    const deposit = encodeFunctionData({ abi: clearingHouseAbi, functionName: 'deposit', args });
    const off = await write('off.json', `${clearingHouse}=${deposit}`);
    assert.equal(off.exit, 0, off.err);
    await refused('off.json', /CallForbidden, .*not on the treasury's list/);
    const huge = await propose('huge.json', '--pay', `${payee}=20001`);
    await refused(huge, /SimulationReverted, .*DayExceeded/);
    const empty = await propose('empty.json', '--withdraw', '101');
    await refused(empty, /SimulationReverted/);
    const old = await propose('old.json', '--pay', `${payee}=1`, '--nonce', '0');
    await refused(old, /NonceWrong/);
    const far = await propose('far.json', '--pay', `${payee}=1`, '--expires', '2d');
    await refused(far, /ExpiryFar/);
  });

  it('signs nothing while its node is stale, or of another chain', async () => {
    const file = await propose('stale.json', '--pay', `${payee}=1`);
    await rig.tellTime(120);
    await refused(file, /NodeStale, .*head \d+ is 1\d\d s old/);
    await rig.tellTime();
    await rig.restart('bob', { ...policy, rpcUrl: 'http://127.0.0.1:9' });
    await rig.restart('cid', { ...policy, tokens: {} });
    await refused(file, /bob: NodeUnreachable, .*HTTP request failed.*|cid: TokenUnlisted/);
    await rig.restart('bob', policy);
    await rig.restart('cid', policy);
    assert.equal((await sign(file)).signers.length, 2);
  });

  it('is stopped by the people of two parties, and not by one dead party', async () => {
    const file = await propose('dead.json', '--pay', `${payee}=2`);
    for (const name of ['ann', 'bob', 'cid']) {
      const item = await rig.json<Shown>('show', file, '--dir', name);
      if (name === 'cid') await rig.json('refuse', item.shown.digest, '--dir', name);
      else await rig.json('approve', item.seen, '--dir', name);
    }
    const { digest } = (await rig.json<Shown>('show', file, '--dir', 'bob')).shown;
    await rig.json('refuse', digest, '--dir', 'bob');
    await refused(file, /(bob|cid): OperatorRefused/);
    const other = await propose('other.json', '--pay', `${payee}=3`);
    for (const name of ['ann', 'bob']) {
      const item = await rig.json<Shown>('show', other, '--dir', name);
      await rig.json('approve', item.seen, '--dir', name);
    }
    await rig.stop('cid');
    assert.deepEqual((await sign(other)).signers, [1, 2]);
    await submit(other);
  });

  it('drops what a guardian vetoes', async () => {
    const nobody = await rig.run('veto', '4', '--key', 'keeper');
    assert.match(nobody.err, /NotGuardian/);
    await rig.json('veto', '4', '--key', 'guardian');
    await rig.pass(3_600);
    const { err } = await rig.run('execute', '4', '--key', 'keeper');
    assert.match(err, /ProposalMissing/);
    assert.equal(await rig.balanceOf(payee), 4160n * units);
  });

  it('is paid from by the next committee alone, once the key was handed over', async () => {
    await rig.restart('cid');
    const good = async (...words: string[]): Promise<string> => {
      const { exit, out, err } = await rig.holdfast(...words);
      assert.equal(exit, 0, `${words.join(' ')}: ${err}`);
      return out;
    };
    const at = ['--venue', rig.dir];
    await rig.foundNext();
    await good('quorum', 'prove', '--dir', 'next-ann', '--out', 'new-key.json');
    await good('quorum', 'rotate', 'new-key.json', '--dir', 'ann');
    const shown = await rig.holdfast(
      'quorum',
      'sign',
      '--rotation',
      'rotation.json',
      '--dir',
      'ann',
    );
    assert.match(shown.err, /MessageUnapproved/);
    const { rotation } = JSON.parse(readFileSync(join(rig.dir, 'rotation.json'), 'utf8'));
    const hash = ['--hash', statementDigest(rotation) as string];
    await good('quorum', 'allow', '--rotation', 'rotation.json', ...hash, '--dir', 'bob');
    await good('quorum', 'sign', '--rotation', 'rotation.json', '--dir', 'ann');
    // A payment that the old committee signed and kept, and one that waits on chain already.
    const waits = await propose('waits.json', '--pay', `${payee}=1`);
    await sign(waits);
    await submit(waits);
    await good('committee', 'propose', 'rotation.json', '--key', 'keeper', ...at);
    await rig.pass(86_400);
    const kept = await propose('kept.json', '--pay', `${payee}=1`);
    await sign(kept);
    await good('committee', 'apply', 'treasury', '--key', 'keeper', ...at);
    const dead = await rig.run('execute', '5', '--key', 'keeper');
    assert.match(dead.err, /GenerationOver/);
    const unsigned = await rig.run('submit', kept, '--key', 'keeper');
    assert.match(unsigned.err, /InstructionUnsigned/);
    // Another sum: the very instruction that they signed before they may show again.
    await refused(await propose('late.json', '--pay', `${payee}=2`), /KeyForeign/);
    const file = await propose('next.json', '--pay', `${payee}=5`);
    await sign(file, 'next-bob');
    await submit(file);
    await rig.pass(3_600);
    await rig.json('execute', '6', '--key', 'keeper');
    assert.equal(await rig.balanceOf(payee), 4165n * units);
  });

  it('reads no venue file of another registry than its people agreed on', () => {
    const { treasury } = rig.venue;
    const other = { ...rig.venue, treasury: { ...treasury, registry: thief } } as typeof rig.venue;
    const ann = rig.signers.get('ann');
    assert.throws(() => ann?.open(other), { code: 'VenueForeign' });
    assert.ok(ann?.open(rig.venue));
  });

  it('writes files that say what they are for', () => {
    const { chainId, treasury } = rig.venue;
    const file = JSON.parse(readFileSync(join(rig.dir, 'other.json'), 'utf8'));
    const of = { chainId, treasury: treasury?.address as `0x${string}` };
    const read = readInstructionFile(file, of);
    assert.ok(!isRejection(read));
    assert.ok(encodeInstruction(read.instruction).length > 32);
    const foreign = readInstructionFile(file, { ...of, chainId: 1 });
    assert.ok(isRejection(foreign) && foreign.code === 'InstructionForeign');
  });
});

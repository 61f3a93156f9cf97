/** Five reporters as a committee in one process: they found it, sign, and refuse a lying leader. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createLogger, scryptForRandom, silentLogger, sleep } from '@holdfast/host';
import {
  assembleReport,
  encodeReport,
  type SignedObservation,
  verifySignedReport,
} from '@holdfast/oracle';
import {
  encodeStatement,
  foundParty,
  invite,
  partyPaths,
  serveRelay,
  statementDigest,
} from '@holdfast/party';
import { verifySignature } from '@holdfast/quorum';
import {
  committeeSeparator,
  createProposalJudge,
  type Member,
  type ProposalJudge,
  startMember,
} from '@holdfast/reporter';
import { fromHex, type Hex, isRejection } from '@holdfast/units';
import { at, committeeVenue, say } from './fixture.ts';

const venue = committeeVenue();
const names = ['reporter-1', 'reporter-2', 'reporter-3', 'reporter-4', 'reporter-5'];
type Line = { msg?: string; leader?: string; code?: string };

async function foundFolders(dir: string, relay: string): Promise<void> {
  const contract = `0x${'aa'.repeat(20)}` as const;
  const terms = { name: 'oracle', chainId: 31_337, contract, threshold: 3, parties: names, relay };
  const invitations = invite(terms);
  assert.ok(!isRejection(invitations));
  for (const invitation of invitations) {
    const home = join(dir, invitation.you);
    const passphrase = randomBytes(32).toString('hex');
    await foundParty(home, invitation, passphrase, scryptForRandom);
    writeFileSync(partyPaths(home).passphrase, passphrase, { mode: 0o600 });
  }
}

function opened(member: Member): ProposalJudge {
  const judge = createProposalJudge(venue);
  member.open(judge);
  return judge;
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !holds(); i += 1) await sleep(50);
}

describe('five reporters as a committee', { timeout: 120_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'hc-'));
  /** Who refused a proposal of whom, and why. */
  const refusals: string[] = [];
  const members: Member[] = [];
  const judges: ProposalJudge[] = [];
  let relay: Awaited<ReturnType<typeof serveRelay>>;
  let key: Hex = '0x';

  async function start(name: string, founding: boolean): Promise<Member> {
    const write = (line: string): void => {
      const { msg, leader, code } = JSON.parse(line) as Line;
      if (msg === 'a proposal was refused') refusals.push(`${name}: ${leader} ${code}`);
    };
    const logger = createLogger(name, { destination: { write } });
    const url = `ws://127.0.0.1:${relay.port}`;
    // Five in one process, on a machine that may be busy.
    const patience = { answerMs: 10_000, requestMs: 30_000 };
    return startMember({ dir: join(dir, name), logger, relay: url, founding, patience });
  }

  before(async () => {
    relay = await serveRelay({ host: '127.0.0.1', port: 0, logger: silentLogger() });
    await foundFolders(dir, `ws://127.0.0.1:${relay.port}`);
    for (const name of names) members.push(await start(name, true));
    const made = await Promise.all(members.map((each) => each.keyMade(90_000, () => undefined)));
    key = made[0]?.certificate.groupKey ?? '0x';
    assert.equal(new Set(made.map(({ certificate }) => certificate.groupKey)).size, 1);
    for (const member of members) judges.push(opened(member));
  });
  after(async () => {
    await Promise.all(members.map((member) => member.close()));
    await relay.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** All observe a round at these prices; each knows only what it said itself. */
  async function observe(round: number, prices: readonly number[]): Promise<SignedObservation[]> {
    const all = await Promise.all(prices.map((price, i) => say(venue, i, { price, round })));
    all.forEach((each, i) => {
      judges[i]?.observed(each);
    });
    return all;
  }

  const lead = (index: number, message: Uint8Array, among?: readonly number[]) =>
    (members[index] as Member).lead(message, among);

  it('proves that its key lives, and to nobody else', async () => {
    const generation = members[0]?.generation();
    assert.ok(generation !== undefined);
    assert.equal(generation.certificate.holders.length, 5);
    const { certificate, roster } = generation;
    const { groupKey } = certificate;
    const statement = { kind: 'life', generation: 1, groupKey, roster } as const;
    const digest = statementDigest(statement);
    assert.ok(!isRejection(digest));
    const life = await lead(0, encodeStatement(statement));
    assert.ok(!isRejection(life), JSON.stringify(life));
    assert.ok(verifySignature(key, fromHex(digest), life.signature));
    const refused = async (message: Uint8Array, code: string): Promise<void> => {
      refusals.length = 0;
      assert.ok(isRejection(await lead(0, message)));
      assert.ok(refusals.includes(`reporter-2: reporter-1 ${code}`), refusals.join());
    };
    // The same 32 bytes without their content are nothing that anybody signs.
    await refused(fromHex(digest), 'DigestBare');
    await refused(encodeStatement({ ...statement, generation: 2 }), 'ChainMissing');
    const smaller = { ...roster, threshold: 2 };
    await refused(encodeStatement({ ...statement, roster: smaller }), 'LifeForeign');
  });

  it('signs the medians of a round, whoever leads it', async () => {
    for (const leader of [0, 3]) {
      const all = await observe(
        at + 2 * leader,
        [1_000_000, 1_000_010, 999_990, 1_000_020, 999_980],
      );
      const report = assembleReport(all, 3);
      assert.ok(!isRejection(report));
      const signed = await lead(leader, encodeReport(report), [1, 2, 3, 4, 5]);
      assert.ok(!isRejection(signed), JSON.stringify(signed));
      assert.equal(signed.signers.length, 3);
      const { round, time, quotes } = report;
      const whole = { round, time, quotes, signature: fromHex(signed.signature) };
      const group = { key: fromHex(key), separator: committeeSeparator(venue) };
      assert.equal(verifySignedReport(whole, group), undefined);
      assert.equal(quotes[0]?.price, 1_000_000);
    }
  });

  it('refuses what a lying leader proposes, and names it', async () => {
    const round = at + 100;
    const prices = [1_000_000, 1_000_000, 1_000_000, 1_200_000, 1_200_000];
    const all = await observe(round, prices);
    const code = async (message: Uint8Array, among?: readonly number[]): Promise<string> => {
      refusals.length = 0;
      const signed = await lead(3, message, among);
      return isRejection(signed) ? signed.code : 'signed';
    };
    const proposal = (of: readonly SignedObservation[]) => {
      const report = assembleReport(of, 3);
      assert.ok(!isRejection(report));
      return report;
    };
    const honest = proposal(all);
    const [first, ...rest] = honest.quotes;
    const bent = { ...honest, quotes: [{ ...first, price: 1_000_001 }, ...rest] } as never;
    assert.equal(await code(encodeReport(bent)), 'QuorumShort');
    assert.ok(refusals.length >= 2);
    for (const each of refusals) assert.match(each, /: reporter-4 MedianWrong$/);
    // Only liars and one honest reporter: the lower median is the liars' price.
    const far = all.filter((_, i) => i === 0 || i >= 3);
    assert.equal(await code(encodeReport(proposal(far)), [1, 4, 5]), 'QuorumShort');
    assert.ok(refusals.includes('reporter-1: reporter-4 ViewApart'));
    assert.equal(await code(encodeReport(proposal(far)), [2, 4, 5]), 'QuorumShort');
    assert.ok(refusals.includes('reporter-2: reporter-4 OwnMissing'));
    // The same round is still signed as it was seen.
    assert.equal(await code(encodeReport(honest)), 'signed');
  });

  it('signs with two of five gone, and when one is back with its folder', async () => {
    await Promise.all([0, 1].map((i) => (members[i] as Member).close()));
    const prices = [1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000];
    const report = assembleReport((await observe(at + 200, prices)).slice(2), 3);
    assert.ok(!isRejection(report));
    const three = await lead(4, encodeReport(report), [3, 4, 5]);
    assert.ok(!isRejection(three), JSON.stringify(three));
    members[0] = await start('reporter-1', false);
    judges[0] = opened(members[0]);
    await until(() => members[0]?.isConnected() === true);
    const again = assembleReport((await observe(at + 202, prices)).slice(0, 4), 3);
    assert.ok(!isRejection(again));
    const back = await lead(3, encodeReport(again), [1, 3, 4]);
    assert.ok(!isRejection(back), JSON.stringify(back));
    assert.deepEqual(back.signers, [1, 3, 4]);
  });
});

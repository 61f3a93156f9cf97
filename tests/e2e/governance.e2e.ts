/** A venue under the votes of a council: what passes, what is dropped, and what may be listed. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clearingHouseAbi, testTokenAbi } from '@holdfast/abi';
import { runWith } from '@holdfast/cli';
import { chainAccess, createChainWriter, loadKey, venuePaths } from '@holdfast/host';
import { guardianKey, sentinelPaths } from '@holdfast/sentinel';
import { type RunningVenue, startVenue } from '@holdfast/venue';
import { terminal } from '../../packages/cli/test/terminal.ts';
import { sentinelFolder } from '../../packages/venue/src/launch/keys.ts';
import { until } from './harness/until.ts';

const market = {
  symbol: 'NEW-USD',
  tickSize: '0.001',
  lotSize: '0.1',
  params: {
    initialPpm: 200_000,
    maintenancePpm: 120_000,
    takerFeePpm: 500,
    makerFeePpm: 200,
    priceAgeSecondsMax: 60,
    bandPpm: 100_000,
    fillBandPpm: 50_000,
    fundingRatePpmMax: 120_000,
    openInterestMax: 0,
    openInterestLowPpm: 500_000,
    openInterestHighPpm: 1_000_000,
    concentrationPpm: 100_000,
    concentrationCapPpm: 200_000,
    isolated: 1,
    markClampPpm: 20_000,
    fundingGapSecondsMax: 60,
    liquidationPartPpm: 250_000,
    coverSharePpm: 250_000,
    backstopLotsMax: 0,
  },
  shadowLots: 1,
  sources: ['a', 'b', 'c'].map((name) => ({ name, bars: `${name}.csv` })),
};

describe('governance', { timeout: 240_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'ht-'));
  let running: RunningVenue;
  before(async () => {
    const quiet = { traders: 0, port: 0, rpcPort: 0, blockMs: 250 };
    running = await startVenue({ dir, ...quiet, reports: 'quorum', governance: true });
    // Nothing here is theirs but a vote of the first: they need not look at each block.
    const idle = ['keeper', 'steward', 'sentinel-1', 'sentinel-2'];
    const services = running.services.filter(({ name }) => idle.includes(name));
    assert.equal(services.length, idle.length);
    await Promise.all(services.map((service) => service.stop()));
    const { keys } = sentinelPaths(sentinelFolder(dir, 1));
    for (const ending of ['json', 'pass']) {
      const to = join(venuePaths(dir).keys, `sentinel-1.${ending}`);
      copyFileSync(join(keys, `${guardianKey}.${ending}`), to);
    }
  });
  after(async () => {
    await running?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  async function holdfast(...words: string[]) {
    const { io, seen } = terminal(dir, { home: dir, columns: 100 });
    const exit = await runWith([...words, '--venue', dir], io);
    return { exit, ...seen };
  }
  async function ok(...words: string[]): Promise<string> {
    const { exit, out, err } = await holdfast(...words);
    assert.equal(exit, 0, `${words.join(' ')}: ${err}`);
    return out;
  }
  const votes = (...words: string[]) => ok('governance', ...words);
  async function pass(seconds: number): Promise<void> {
    const { reader, services } = running;
    const { timestamp } = await reader.getBlock();
    const chain = services.find(({ name }) => name === 'chain');
    await chain?.ask({ type: 'advance', seconds }, 'advanced');
    await until('a later block', 20_000, async () => {
      const now = (await reader.getBlock()).timestamp;
      return now >= timestamp + BigInt(seconds) || undefined;
    });
  }
  /** Two of three seats vote for a proposal; the vote is over. */
  async function carry(number: number): Promise<void> {
    await pass(6);
    await votes('vote', `${number}`, 'for', '--key', 'seat-1');
    // The other signs, and somebody else brings it.
    await votes('sign', `${number}`, 'for', '--out', 'signed.json', '--key', 'seat-2');
    await votes('bring', 'signed.json', '--key', 'keeper');
    await pass(3_601);
  }
  const describeMarket = (change: object = {}, closes = (i: number) => 20 + (i % 7) / 100) => {
    market.sources.forEach(({ bars }) => {
      const rows = Array.from(
        { length: 60 },
        (_, i) => `${1_700_000_000 + i * 3600},${closes(i)},9000`,
      );
      writeFileSync(join(dir, bars), `ts,close,volume\n${rows.join('\n')}\n`);
    });
    const path = join(dir, 'market.json');
    writeFileSync(path, JSON.stringify({ ...market, ...change }));
    return path;
  };

  it('is shown by holdfast trust: seats, guardians, steward, quorums, delays', async () => {
    const out = await ok('trust');
    assert.match(out, /To steal: 2 parties \(2 of 3 seats of the council\)|To steal: \d part/);
    assert.match(out, /2 of 3 seats of the council\), after .*replace whose word a price is/);
    assert.match(out, /a quorum of guardians is 2 of 3/);
    assert.match(out, /2 of 3 guardians\), at once, for 1 d at most: halt \(level 3\)/);
    assert.match(out, /1 of 3 guardians\), at once, for 6 h at most: stop growth \(level 1\)/);
    assert.match(out, /Steward\.move .*\n +operator: 0x.*\n +at once, ends after 6 h; worst loss/);
    assert.match(out, /more than half of the guardians drop what was voted/);
  });

  it('loosens after vote and delays, never sooner', async () => {
    await votes(
      'propose-market',
      'BTC-USD',
      '--set',
      'bandPpm=110000',
      '--why',
      'x',
      '--key',
      'seat-1',
    );
    await pass(6);
    await votes('sign', '1', 'against', '--expires', '1m', '--key', 'seat-3');
    await pass(61);
    const old = await holdfast('governance', 'bring', 'ballot.json', '--key', 'keeper');
    assert.match(old.err, /BallotExpired/);
    await carry(1);
    await votes('queue', '1', '--key', 'keeper');
    const early = await holdfast('governance', 'execute', '1', '--key', 'keeper');
    assert.match(early.err, /GovernorUnmetDelay/);
    await pass(86_400);
    await votes('execute', '1', '--key', 'keeper');
    const tooSoon = await holdfast('govern', 'apply-market', 'BTC-USD', '--key', 'keeper');
    assert.match(tooSoon.err, /ProposalEarly/);
    await pass(86_400);
    await ok('govern', 'apply-market', 'BTC-USD', '--key', 'keeper');
    assert.match(await votes('status'), /1 +executed +2\/0\/0 +2 .*Parameters\.proposeMarket/);
    const wider = await holdfast('trust');
    assert.match(wider.err, /PowerWidened: .*price band, ppm: 100000 -> 110000/);
  });

  it('drops what guardians veto, and hears no more of the key that governed before', async () => {
    const words = ['propose', 'Parameters', 'proposeGovernor', `0x${'5'.repeat(40)}`, '--why', 'y'];
    const old = await holdfast('governance', ...words, '--key', 'governor');
    assert.match(old.err, /GovernorInsufficientProposerVotes/);
    await votes(...words, '--key', 'seat-3');
    await carry(2);
    await votes('queue', '2', '--key', 'keeper');
    await votes('veto', '2', '--key', 'guardian');
    // Both sentinels are guardians, too: one of three is no more than a third.
    assert.match(await votes('status'), /2 +queued/);
    await votes('veto', '2', '--key', 'sentinel-1');
    assert.match(await votes('status'), /2 +cancelled/);
    const set = ['--set', 'initialPpm=60000', '--key', 'governor'];
    const alone = await holdfast('govern', 'propose-market', 'BTC-USD', ...set);
    assert.match(alone.err, /NotGovernor/);
  });

  it('lists only what passes its checks', async () => {
    const refused = async (pattern: RegExp, path: string) => {
      const { exit, err } = await holdfast('listing', 'check', path);
      assert.equal(exit, 1, err);
      assert.match(err, pattern);
    };
    // Nobody has paid into its fund: one lot more than nothing is too much.
    await refused(/ListingRefused: NEW-USD fails 1 checks: insurance/, describeMarket());
    await refused(
      /bounds \(ParameterOutOfBounds\)/,
      describeMarket({
        params: { ...market.params, maintenancePpm: 190_000 },
      }),
    );
    await refused(
      /begins shut/,
      describeMarket({
        params: { ...market.params, openInterestMax: 5 },
      }),
    );
    await refused(/units \(/, describeMarket({ lotSize: '0.0001' }));
    await refused(
      /a moves \(the same price 60 times/,
      describeMarket({}, () => 20),
    );
    const path = describeMarket();
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${1_700_000_000 + i * 3600},${2000 + (i % 7)},9000`,
    );
    writeFileSync(join(dir, 'c.csv'), `ts,close,volume\n${rows.join('\n')}\n`);
    await refused(/c agrees \(.*off by 10\^2: wrong decimals\?/, path);
  });

  it('begins the vote of a listing that passes', async () => {
    const fund = 2 ** 32 - 256 + running.venue.markets.length;
    const { clearingHouse, token, vault } = running.venue.contracts;
    const key = await loadKey(venuePaths(dir).keys, 'keeper');
    const payer = createChainWriter(chainAccess(running.venue), key);
    const amount = 100n * 10n ** 6n;
    const onToken = { address: token, abi: testTokenAbi } as const;
    const onHouse = { address: clearingHouse, abi: clearingHouseAbi } as const;
    const calls = [
      { ...onToken, functionName: 'mint', args: [key.address, amount] },
      { ...onToken, functionName: 'approve', args: [vault, amount] },
      { ...onHouse, functionName: 'deposit', args: [token, fund, amount] },
    ];
    for (const call of calls) {
      const hash = await payer.writeContract({ ...call, gas: 1_000_000n } as never);
      const { status } = await running.reader.waitForTransactionReceipt({ hash });
      assert.equal(status, 'success');
    }
    const path = describeMarket();
    const out = await ok('listing', 'check', path, '--propose', 'asked for', '--key', 'seat-1');
    assert.match(out, /ok +insurance/);
    assert.match(out, /proposal 3: transaction/);
    await carry(3);
    await votes('queue', '3', '--key', 'keeper');
    await pass(86_400);
    await votes('execute', '3', '--key', 'keeper');
    assert.match(await votes('status'), /3 +executed/);
  });

  it('says what is wrong with what it is given', async () => {
    const cases: [string[], RegExp][] = [
      [['vote', '9', 'for', '--key', 'seat-1'], /ProposalUnknown: there is no proposal 9/],
      [['sign', '9', 'for', '--key', 'seat-1'], /ProposalUnknown: there is no proposal 9/],
      [['sign', '1', 'for', '--key', 'seat-1'], /VoteOver: votes on proposal 1 were taken until/],
      [['bring', 'none.json', '--key', 'keeper'], /Usage: none.json cannot be read/],
      [['bring', 'market.json', '--key', 'keeper'], /market.json: a field is missing/],
      [['vote', '1', 'maybe', '--key', 'seat-1'], /Usage: a vote is for, against or abstain/],
      [['propose', 'Nothing', 'f', '--why', 'z', '--key', 'seat-1'], /Usage: there is no contract/],
      [['propose', 'Breaker', 'f', '--why', 'z', '--key', 'seat-1'], /has no function "f"/],
      [
        ['propose', 'Breaker', 'removeGuardian', 'x', '--why', 'z', '--key', 'seat-1'],
        /do not fit/,
      ],
    ];
    for (const [words, pattern] of cases) {
      const { exit, err } = await holdfast('governance', ...words);
      assert.notEqual(exit, 0);
      assert.match(err, pattern);
    }
  });
});

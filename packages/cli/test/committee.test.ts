import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadVenue, saveVenue, type Venue, venuePaths } from '@holdfast/host';
import { waitText } from '../src/commands/committee.ts';
import { runWith } from '../src/index.ts';
import { terminal } from './terminal.ts';

const address = (digit: string): `0x${string}` => `0x${digit.repeat(40)}`;

describe('holdfast committee', () => {
  let dir: string;
  const run = async (...words: string[]) => {
    const { io, seen } = terminal(dir);
    const exit = await runWith(['committee', ...words, '--venue', dir], io);
    return { exit, ...seen };
  };
  const addresses = ['a', 'b', 'c', 'd', 'e'].map(address);
  const venue = (): Venue => ({
    version: 1,
    chainId: 31_337,
    rpcUrl: 'http://127.0.0.1:1',
    contracts: {
      clearingHouse: address('1'),
      vault: address('2'),
      oracle: address('3'),
      verifier: address('4'),
      breaker: address('5'),
      parameters: address('6'),
      laws: address('7'),
      token: address('8'),
    },
    deployBlock: 1,
    token: { symbol: 'tUSD', decimals: 6 },
    markets: [
      {
        id: 0,
        symbol: 'BTC-USD',
        tickSize: '0.1',
        lotSize: '0.001',
        tickValue: 100,
        initialPpm: 50_000,
        maintenancePpm: 30_000,
        takerFeePpm: 450,
        makerFeePpm: 150,
        priceAgeSecondsMax: 60,
        bandPpm: 100_000,
        fillBandPpm: 50_000,
        fundingRatePpmMax: 120_000,
        openInterestMax: 1_000_000_000,
        openInterestLowPpm: 1_000_000,
        openInterestHighPpm: 1_000_000,
        concentrationPpm: 0,
        concentrationCapPpm: 0,
        isolated: 0,
        markClampPpm: 50_000,
        fundingGapSecondsMax: 7_200,
        liquidationPartPpm: 1_000_000,
        coverSharePpm: 1_000_000,
        backstopLotsMax: 0,
      },
    ],
    clock: { wallEpochMs: 0, venueEpoch: 0, speed: 1 },
    gateway: { host: '127.0.0.1', port: 1 },
    relay: { host: '127.0.0.1', port: 2 },
    sequencer: address('1'),
    node: address('2'),
    blockMs: 1000,
    reporters: { k: 3, n: 5, addresses },
    committee: {
      registry: address('9'),
      id: 2,
      threshold: 3,
      key: `0x02${'11'.repeat(32)}`,
      roster: `0x${'22'.repeat(32)}`,
      relay: { host: '127.0.0.1', port: 1 },
    },
  });

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'hcc-'));
    await saveVenue(dir, venue());
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('puts another address in the place of a lost reporter, and nobody twice', async () => {
    const fresh = address('f');
    const done = await run('reporter', '2', fresh);
    assert.equal(done.exit, 0, done.err);
    assert.match(done.out, /reporter 2 +0xf{40}\n[\s\S]*observations +3 of 5\n\nNext: do the same/);
    assert.deepEqual(loadVenue(dir).reporters.addresses[1], fresh);
    const again = await run('reporter', '3', fresh.toUpperCase().replace('X', 'x'));
    assert.equal(again.exit, 2);
    assert.match(again.err, /reports already/);
    for (const number of ['0', '6']) {
      assert.match((await run('reporter', number, address('1'))).err, /reporters 1 to 5/);
    }
    assert.match((await run('reporter', '1', '0x12')).err, /not an address/);
    assert.deepEqual(loadVenue(dir).reporters.addresses.length, 5);
  });

  it('follows another threshold, which is a majority', async () => {
    assert.equal((await run('threshold', '4')).exit, 0);
    const { reporters, committee } = loadVenue(dir);
    assert.deepEqual([reporters.k, committee?.threshold], [4, 4]);
    for (const wrong of ['2', '6']) {
      assert.match((await run('threshold', wrong)).err, /no majority of 5/);
    }
    assert.equal(loadVenue(dir).reporters.k, 4);
  });

  it('says what is wrong with a venue or a file', async () => {
    const none = mkdtempSync(join(tmpdir(), 'hcn-'));
    const { committee: _, ...plain } = venue();
    await saveVenue(none, plain);
    const { io, seen } = terminal(none);
    assert.equal(await runWith(['committee', 'show', '--venue', none], io), 3);
    assert.match(seen.err, /CommitteeMissing: this venue has no registry/);
    rmSync(none, { recursive: true });
    writeFileSync(join(dir, 'bad.json'), '{}');
    for (const words of [
      ['propose', 'bad.json'],
      ['replace', 'bad.json'],
    ]) {
      assert.match((await run(...words)).err, /FileMalformed/);
    }
    assert.match((await run('show', 'choir')).err, /Allowed choices are treasury, oracle, bridge/);
    assert.ok(readFileSync(venuePaths(dir).file, 'utf8').includes('"threshold"'));
  });

  it('counts down', () => {
    const pending = { readyAt: 100_000, deadAt: 704_800, candidate: {} as never };
    assert.equal(waitText(pending, 92_700), 'in 2 h 1 min (from 100000, venue seconds)');
    assert.equal(waitText(pending, 99_990), 'in 10 s (from 100000, venue seconds)');
    assert.equal(waitText(pending, 100_000), 'now, for 168 h 0 min more');
    assert.equal(waitText(pending, 704_801), 'never: it has expired, propose it anew');
  });
});

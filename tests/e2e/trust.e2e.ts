/**
 * Who can do what: read and swept on a bare chain with a whole venue; one that runs is read in
 * `governance.e2e.ts`. Each finding stands
 * beside a venue on which nothing is found.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { breakerAbi, parametersAbi } from '@holdfast/abi';
import { runWith } from '@holdfast/cli';
import { saveVenue } from '@holdfast/host';
import { type Known, readTrust, strangerOf, type TrustReport } from '@holdfast/trust';
import { toFunctionSelector } from 'viem';
import { terminal } from '../../packages/cli/test/terminal.ts';
import { addressOf, createRig, prepare, type Rig } from '../../tools/roles/rig.ts';
import { sweep } from '../../tools/roles/sweep.ts';

/** Code that answers every question with the address that asked first. */
const whoAsks = '0x325f5260205ff3';

/** What a stranger must not be able to change. */
const rights = ({ bounds, pending, powers }: TrustReport): unknown => ({
  bounds,
  pending: pending.map((each) => each.split(':')[0]),
  holders: powers.map(({ contract, signature, holders }) => [contract, signature, holders]),
});

let rig: Rig;
let known: Known;
before(async () => {
  rig = await createRig();
  known = await prepare(rig);
});
after(() => rig?.end());

describe('a stranger', { timeout: 120_000 }, () => {
  let snapshot: unknown;
  const begin = async () => {
    snapshot = await rig.raw('evm_snapshot');
  };
  const back = () => rig.raw('evm_revert', snapshot);

  it('gets in nowhere, and changes nobody’s rights where the door is open', async () => {
    await begin();
    const earlier = await readTrust(rig.reader, rig.venue);
    assert.deepEqual(earlier.problems, []);
    const { calls, entered, open } = await sweep(rig, known, { rounds: 4, callers: 2 });
    assert.deepEqual(entered, []);
    assert.ok(calls > 2_000, `only ${calls} calls`);
    for (const { from, to, data } of open) await rig.send(from, to, data).catch(() => undefined);
    const later = await readTrust(rig.reader, rig.venue);
    assert.deepEqual(rights(later), rights(earlier));
    await back();
  });

  it('is found by the sweep where whoever knows the governor says yes to all', async () => {
    await begin();
    const { parameters } = rig.venue.contracts;
    await rig.raw('anvil_setCode', addressOf('liar'), whoAsks);
    // The breaker's own code, with another address where it was told whom to ask.
    const { breaker } = rig.venue.contracts;
    const code = (await rig.reader.getCode({ address: breaker })) as string;
    const [asked, liar] = [parameters, addressOf('liar')].map((at) => at.slice(2).toLowerCase());
    await rig.raw('anvil_setCode', breaker, code.replaceAll(asked as string, liar as string));
    const { entered } = await sweep(rig, known, { rounds: 2, callers: 1, only: 'Breaker' });
    assert.deepEqual(entered, [
      'Breaker.cancelClear(uint16)',
      'Breaker.proposeClear(uint16)',
      'Breaker.proposeGuardian(address)',
      'Breaker.removeGuardian(address)',
    ]);
    await back();
  });

  it('is found by the sweep once it was made a guardian', async () => {
    await begin();
    const { breaker } = rig.venue.contracts;
    const act = (name: string) =>
      rig.act(addressOf('governor'), breaker, breakerAbi, name, strangerOf(0));
    await act('proposeGuardian');
    const waiting = await readTrust(rig.reader, rig.venue);
    assert.match(waiting.pending.join('\n'), /guardian 0x.*: in 8\d+ s/);
    await rig.pass(86_400);
    await act('applyGuardian');
    const { entered } = await sweep(rig, known, { rounds: 2, callers: 1 });
    assert.deepEqual(entered, [
      'Breaker.bar(uint32[],uint256,(bytes32,uint64,int256[]))',
      'Breaker.beat()',
      'Breaker.tighten(uint16,uint8,uint256,(bytes32,uint64,int256[]))',
      'Breaker.tightenMany((uint16,uint8,uint32,(bytes32,uint64,int256[]))[])',
      'Committees.vetoRotation(uint8)',
      'Treasury.veto(uint64)',
      'Vault.veto(uint64)',
      'Vault.vetoMany(uint64[])',
      'VenueGovernor.veto(address[],uint256[],bytes[],bytes32)',
    ]);
    await back();
  });
});

describe('holdfast trust', { timeout: 120_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'ht-'));
  before(() => saveVenue(dir, rig.venue));
  after(() => rmSync(dir, { recursive: true, force: true }));

  async function holdfast(...words: string[]) {
    const { io, seen } = terminal(dir, { home: dir, columns: 100 });
    const exit = await runWith([...words, '--venue', dir], io);
    return { exit, ...seen };
  }
  const governor = (name: string, ...args: unknown[]): Promise<void> =>
    rig.act(addressOf('governor'), rig.venue.contracts.parameters, parametersAbi, name, ...args);

  it('explains all that is on a venue’s chain, as text, JSON and a page', async () => {
    const page = join(dir, 'trust.html');
    const { exit, out, err } = await holdfast('trust', '--html', page);
    assert.equal(exit, 0, err);
    assert.match(out, /To steal: \d part/);
    assert.match(out, /Vault\.pay .*\n.*\n.*worst loss: [\d,]+ tUSD a day/);
    const html = readFileSync(page, 'utf8');
    assert.doesNotMatch(html, /<script|<link|<img|https?:|@import/i);
    assert.match(html, /Who could steal\?/);
    const json = await holdfast('trust', '--json');
    assert.equal(json.exit, 0, json.err);
    const report = JSON.parse(json.out) as TrustReport & { changes: unknown[] };
    assert.deepEqual([report.changes, report.problems], [[], []]);
    assert.ok(report.contracts.every(({ isBuilt }) => isBuilt));
  });

  it('fails when a power became wider until that is accepted, and not when narrower', async () => {
    const { parameters } = rig.venue.contracts;
    const call = { address: parameters, abi: parametersAbi, functionName: 'anchor', args: [0] };
    const tuple = (await rig.reader.readContract(call as never)) as { bandPpm: number };
    await governor('proposeMarket', 0, { ...tuple, bandPpm: tuple.bandPpm + 1 });
    const waiting = await holdfast('trust');
    assert.equal(waiting.exit, 0, waiting.err);
    assert.match(waiting.out, /parameters of BTC-USD: in \d+ s/);
    await rig.pass(86_400);
    await governor('applyMarket', 0);
    const wider = await holdfast('trust');
    assert.equal(wider.exit, 1);
    assert.match(wider.err, /PowerWidened: .*BTC-USD, price band, ppm: 100000 -> 100001/);
    assert.match(wider.err, /cure: .*--accept/);
    assert.equal((await holdfast('trust', '--accept')).exit, 0);
    await governor('proposeMarket', 0, tuple);
    const narrower = await holdfast('trust');
    assert.equal(narrower.exit, 0, narrower.err);
    assert.match(narrower.out, /NARROWER BTC-USD, price band, ppm: 100001 -> 100000/);
  });

  it('fails on code that this build did not make', async () => {
    const address = rig.venue.contracts.breaker;
    const code = (await rig.reader.getCode({ address })) as string;
    // A selector that only this code knows: that of `beat` in the dispatcher is changed.
    const other = code.replace(`63${toFunctionSelector('beat()').slice(2)}`, '6312345678');
    assert.ok(other !== code, 'the dispatcher knows beat()');
    await rig.raw('anvil_setCode', address, other);
    const { exit, err } = await holdfast('trust');
    assert.equal(exit, 1);
    assert.match(err, /TrustBroken: .*Breaker .* is not the code of this build/);
    assert.match(err, /Breaker answers 0x12345678, which no list of powers knows/);
    await rig.raw('anvil_setCode', address, code);
    assert.equal((await holdfast('trust')).exit, 0);
  });

  it('says what is wrong with what it is given', async () => {
    const missing = await holdfast('trust', '--since', join(dir, 'nothing.json'));
    assert.deepEqual([missing.exit, /FileMissing/.test(missing.err)], [3, true]);
    const odd = await holdfast('trust', '--since', join(dir, 'venue.json'));
    assert.match(odd.err, /FileMalformed: .*is no trust report/);
    const both = await holdfast('trust', '--accept', '--since', join(dir, 'trust.json'));
    assert.equal(both.exit, 2);
  });
});

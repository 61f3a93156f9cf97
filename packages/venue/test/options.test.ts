import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fetchJson, findFreePort } from '@holdfast/host';
import {
  anvilPackage,
  anvilPath,
  clearVenue,
  defaultOptions,
  demoMarkets,
  demoSymbols,
  isAlive,
  lockVenue,
  parseOptions,
  parseTime,
  planLaunch,
  requireNode,
  statusLine,
  timesAt,
  usage,
} from '@holdfast/venue';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-venue-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

describe('options', () => {
  it('have defaults, and take what is given', () => {
    const none = parseOptions([]);
    assert.ok(none !== 'help');
    assert.equal(none.port, defaultOptions.port);
    const some = parseOptions(['--speed', '60', '--accounts', '60', '--no-traders', '--port', '0']);
    assert.ok(some !== 'help');
    assert.deepEqual([some.speed, some.accounts, some.traders, some.port], [60, 60, 0, 0]);
    assert.equal(parseOptions(['--help']), 'help');
  });

  it('refuse what makes no sense, naming it', () => {
    const wrong: [string[], RegExp][] = [
      [['--port', '70000'], /--port must be a whole number 0\.\.65535, not "70000"/],
      [['--port', ''], /--port/],
      [['--speed=-1'], /--speed must be a number/],
      [['--speed', 'fast'], /--speed/],
      [['--seconds', '1.5'], /--seconds must be a whole number/],
      [['--accounts', '2'], /--accounts/],
      [['--from', '2025-10-10'], /--from needs --replay/],
      [['--from', 'yesterday', '--replay', 'x'], /--from must be a time/],
      [['--live', '--replay', 'x'], /exclude/],
      [['--live', '--speed', '2'], /--speed 1 only/],
      [['--sped', '2'], /--sped/],
      [['extra'], /extra/],
    ];
    for (const [argv, message] of wrong) {
      assert.throws(() => parseOptions(argv), { code: 'ArgumentWrong', message });
    }
  });

  it('are all in the help', () => {
    for (const name of [
      'dir',
      'fresh',
      'port',
      'rpc-port',
      'block-ms',
      'speed',
      'seed',
      'replay',
    ]) {
      assert.match(usage, new RegExp(`--${name}`));
    }
  });

  it('read times as UTC', () => {
    assert.equal(parseTime('2025-10-10T20:00'), 1_760_126_400);
    assert.equal(parseTime('2025-10-10T22:00+02:00'), 1_760_126_400);
    assert.equal(parseTime('2025-10-10'), 1_760_054_400);
    assert.equal(parseTime('1760126400'), 1_760_126_400);
    assert.equal(parseTime('soon'), undefined);
  });

  it('refuse an old Node', () => {
    requireNode('20.19.0');
    requireNode('24.0.0');
    assert.throws(() => requireNode('20.18.9'), { code: 'NodeTooOld', message: /20\.18\.9/ });
    assert.throws(() => requireNode('18.20.0'), { code: 'NodeTooOld' });
  });
});

describe('markets', () => {
  it('have whole tick values and times inside the hard bounds at every speed', () => {
    for (const market of demoMarkets(demoSymbols, 1)) assert.equal(market.tickValue, 100);
    for (const speed of [0.1, 1, 60, 600, 3600]) {
      const { priceAgeSecondsMax, quietSeconds, roundSeconds } = timesAt(speed);
      assert.ok(priceAgeSecondsMax >= 5 && priceAgeSecondsMax <= 7200);
      assert.ok(quietSeconds >= 1 && quietSeconds <= 7200);
      assert.ok(roundSeconds >= 1 && roundSeconds <= priceAgeSecondsMax);
    }
  });
});

describe('plan', () => {
  const bars = 'ts,open,high,low,close\n1700000000,1,2,1,2\n1700000060,2,2,1,1\n';
  const options = () => ({ ...defaultOptions, dir: join(dir, 'absent') });

  it('begins a new venue now, with every market', () => {
    const plan = planLaunch(options(), 1_800_000_000);
    assert.equal(plan.epochMin, 1_800_000_000);
    assert.deepEqual(plan.symbols, demoSymbols);
    assert.equal(plan.venue, undefined);
  });

  it('begins a replay at its own time, with the markets that it has', () => {
    const replay = join(dir, 'BTCUSDT_1m.csv');
    writeFileSync(replay, bars);
    const plan = planLaunch({ ...options(), replay }, 1_800_000_000);
    assert.equal(plan.epochMin, 1_700_000_000);
    assert.deepEqual(plan.symbols, ['BTC-USD']);
    assert.equal(plan.replayEnd, 1_700_000_120);
    const late = { ...options(), replay, from: 1_700_000_060 };
    // Half a minute of lead, so that the asked time is still ahead when everything runs.
    assert.equal(planLaunch(late, 1_800_000_000).epochMin, 1_700_000_030);
    assert.throws(() => planLaunch({ ...late, from: 1_800_000_000 }, 0), /outside the recording/);
  });

  it('says which line of a recording is wrong, or that it is missing', () => {
    const replay = join(dir, 'ETHUSDT_1m.csv');
    writeFileSync(replay, `${bars}1700000120,2,2,nothing,1\n`);
    assert.throws(() => planLaunch({ ...options(), replay }, 0), /line 4: low "nothing"/);
    const absent = { ...options(), replay: join(dir, 'nowhere.csv') };
    assert.throws(() => planLaunch(absent, 0), { code: 'ReplayMissing' });
  });
});

describe('venue folder', () => {
  it('is locked against a second launcher, and free after a dead one', () => {
    const place = mkdtempSync(join(dir, 'lock-'));
    const unlock = lockVenue(place);
    assert.throws(() => lockVenue(place), { code: 'VenueBusy', message: /already runs/ });
    unlock();
    lockVenue(place)();
    // No system gives out this pid.
    writeFileSync(join(place, 'venue.lock'), '99999999\n');
    assert.equal(isAlive(99_999_999), false);
    lockVenue(place)();
    assert.deepEqual(readdirSync(place), []);
  });

  it("is cleared of what is the venue's, and never when it is another's", () => {
    const place = mkdtempSync(join(dir, 'clear-'));
    mkdirSync(join(place, 'journal'));
    writeFileSync(join(place, 'venue.json'), '{}');
    writeFileSync(join(place, 'notes.txt'), 'mine');
    clearVenue(place);
    assert.deepEqual(readdirSync(place), ['notes.txt']);
    assert.throws(() => clearVenue(place), { code: 'FolderForeign' });
  });
});

describe('anvil', () => {
  it('is found for this platform, and its absence is explained', () => {
    assert.equal(anvilPackage('darwin', 'arm64'), '@foundry-rs/anvil-darwin-arm64');
    assert.match(anvilPath(), /anvil(\.exe)?$/);
    assert.throws(() => anvilPath('sunos', 'x64'), { code: 'AnvilMissing', message: /sunos/ });
  });
});

describe('status line', () => {
  const status = {
    block: 10,
    batches: 2,
    fills: 30,
    commands: 100,
    accounts: 5,
    nodeOk: true,
    nodeSays: '',
    covered: true,
    restarts: 0,
    atMs: 2000,
  };
  it('shows rates and whether the laws hold', () => {
    const before = { ...status, fills: 10, commands: 50, atMs: 0 };
    const line = statusLine(status, before);
    assert.match(line, /fills 30 \(10\.0\/s\) \| commands 25\.0\/s/);
    assert.match(line, /laws hold$/);
    assert.match(statusLine({ ...status, covered: false }, before), /ATTENTION.*vault short/);
    assert.match(statusLine({ ...status, nodeOk: false, nodeSays: 'halted' }, before), /halted/);
  });
});

describe('ports', () => {
  it('leaves nothing behind on the port that it found', async () => {
    const port = await findFreePort();
    await assert.rejects(fetchJson(`http://127.0.0.1:${port}/`), { code: 'Unreachable' });
  });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findMarket, loadVenue, parseVenue, saveVenue, venuePaths } from '@holdfast/host';
import { exampleVenue, temporaryDir } from './helpers.ts';

describe('venue file', () => {
  it('comes back as it was saved', async () => {
    const { dir, remove } = temporaryDir();
    try {
      await saveVenue(dir, exampleVenue());
      assert.deepEqual(loadVenue(dir), exampleVenue());
    } finally {
      remove();
    }
  });

  it('names the missing file', () => {
    const { dir, remove } = temporaryDir();
    try {
      assert.throws(() => loadVenue(dir), { code: 'FileMissing', message: /venue\.json/ });
      writeFileSync(venuePaths(dir).file, '{"version":');
      assert.throws(() => loadVenue(dir), { code: 'FileMalformed', message: /not JSON/ });
    } finally {
      remove();
    }
  });

  it('names each wrong field', () => {
    const wrong = { ...exampleVenue(), chainId: 'one', gateway: { host: 'x', port: 70_000 } };
    assert.throws(
      () => parseVenue(wrong),
      (error: Error) => {
        assert.match(error.message, /chainId/);
        assert.match(error.message, /gateway\.port/);
        return true;
      },
    );
  });

  it('refuses a typing mistake in a field name', () => {
    const wrong = { ...exampleVenue(), quietSecond: 5 };
    assert.throws(() => parseVenue(wrong), { code: 'VenueMalformed', message: /quietSecond/ });
  });

  it('refuses what does not fit together', () => {
    const venue = exampleVenue();
    const short = { ...venue, reporters: { ...venue.reporters, n: 3 } };
    assert.throws(() => parseVenue(short), /reporters\.n is 3 but 2/);
    const greedy = { ...venue, reporters: { ...venue.reporters, k: 3 } };
    assert.throws(() => parseVenue(greedy), /reporters\.k \(3\)/);
    const committee = {
      registry: venue.contracts.oracle,
      id: 2,
      threshold: 2,
      key: `0x02${'11'.repeat(32)}`,
      roster: `0x${'22'.repeat(32)}`,
      relay: { host: '127.0.0.1', port: 7 },
    };
    assert.throws(() => parseVenue({ ...venue, committee }), /committee\.threshold \(2\)/);
    const fits = { ...venue, reporters: { ...venue.reporters, k: 2 }, committee };
    assert.deepEqual(parseVenue(fits).committee?.key, committee.key);
    const keyless = { ...fits, committee: { ...committee, key: '0x02' } };
    assert.throws(() => parseVenue(keyless), /33 bytes/);
    const twice = { ...venue, markets: [...venue.markets, ...venue.markets] };
    assert.throws(() => parseVenue(twice), /same id/);
  });

  it('finds markets by symbol in any case or by id, and lists them otherwise', () => {
    assert.equal(findMarket(exampleVenue(), 'btc-usd').id, 0);
    assert.equal(findMarket(exampleVenue(), 0).symbol, 'BTC-USD');
    assert.throws(() => findMarket(exampleVenue(), 'PEPE-USD'), /there are BTC-USD/);
  });
});

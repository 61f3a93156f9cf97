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
    const twice = { ...venue, markets: [...venue.markets, ...venue.markets] };
    assert.throws(() => parseVenue(twice), /same id/);
  });

  it('finds markets by symbol in any case or by id, and lists them otherwise', () => {
    assert.equal(findMarket(exampleVenue(), 'btc-usd').id, 0);
    assert.equal(findMarket(exampleVenue(), 0).symbol, 'BTC-USD');
    assert.throws(() => findMarket(exampleVenue(), 'PEPE-USD'), /there are BTC-USD/);
  });
});

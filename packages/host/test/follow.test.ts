import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  followReporters,
  loadVenue,
  saveVenue,
  silentLogger,
  sleep,
  venuePaths,
} from '@holdfast/host';
import { exampleVenue } from './helpers.ts';

describe('reporters of a running venue', () => {
  it('are those that the file names now; a file that is wrong changes nothing', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'follow-'));
    const abort = new AbortController();
    try {
      await saveVenue(dir, exampleVenue());
      const venue = loadVenue(dir);
      const options = { logger: silentLogger(), signal: abort.signal, everyMs: 5 };
      const done = followReporters(dir, venue, options);
      const until = async (holds: () => boolean): Promise<void> => {
        for (let i = 0; i < 500 && !holds(); i += 1) await sleep(5);
      };
      const other = `0x${'99'.repeat(20)}` as const;
      const { reporters } = venue;
      const addresses = [...reporters.addresses.slice(0, -1), other];
      await saveVenue(dir, {
        ...venue,
        rpcUrl: 'http://127.0.0.1:9',
        reporters: { ...reporters, addresses },
      });
      await until(() => venue.reporters.addresses.at(-1) === other);
      assert.equal(venue.reporters.addresses.at(-1), other);
      assert.notEqual(venue.rpcUrl, 'http://127.0.0.1:9', 'nothing else is taken');
      writeFileSync(venuePaths(dir).file, '{}');
      await sleep(50);
      assert.equal(venue.reporters.addresses.at(-1), other);
      abort.abort();
      await done;
    } finally {
      abort.abort();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

/** The operator's calls against a node's socket. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  createClock,
  type JsonReply,
  type JsonServer,
  saveVenue,
  serveSocket,
  silentLogger,
  venuePaths,
} from '@holdfast/host';
import { venueAt } from '@holdfast/sdk/testing';
import { runWith } from '../src/index.ts';
import { terminal } from './terminal.ts';

describe('auction', () => {
  let cwd: string;
  let node: JsonServer | undefined;
  let asked: unknown[];
  const venue = venueAt(1);

  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'holdfast-auction-'));
    mkdirSync(join(cwd, '.holdfast'));
    await saveVenue(join(cwd, '.holdfast'), venue);
    asked = [];
  });
  afterEach(async () => {
    await node?.close();
    node = undefined;
    rmSync(cwd, { recursive: true });
  });

  async function answering(reply: JsonReply): Promise<void> {
    const routes = {
      'GET /auctions': () => reply,
      'POST /auctions': ({ body }: { body: unknown }) => {
        asked.push(body);
        return reply;
      },
    };
    node = await serveSocket(venuePaths(join(cwd, '.holdfast')).control, routes, silentLogger());
  }

  async function run(words: string) {
    const { io, seen } = terminal(cwd);
    return { exit: await runWith(words.split(' '), io), ...seen };
  }

  it('call says when it ends', async () => {
    const until = createClock(venue.clock).now() + 60;
    await answering({ status: 200, body: { until } });
    const said = await run('auction call btc --for 1m');
    assert.equal(said.exit, 0, said.err);
    assert.match(said.out, /BTC-USD collects orders; the auction ends in (60|59) s/);
    assert.deepEqual(asked, [{ market: 0, seconds: 60 }]);
  });

  it('end says what it came to', async () => {
    await answering({ status: 200, body: { price: 1_000_000, lots: 10 } });
    assert.match(
      (await run('auction end BTC-USD')).out,
      /trades again; the auction: 0.01 at 100000/,
    );
    assert.deepEqual(asked, [{ market: 0, seconds: 0 }]);
  });

  it('show lists policies and calls', async () => {
    const call = { until: 0, cause: 'operator', price: 0, lots: 0, bid: 0, offered: 0 };
    const policy = { openSeconds: 30, reopenSeconds: 0 };
    await answering({ status: 200, body: [{ market: 'BTC-USD', policy, call }] });
    const { out } = await run('auction show');
    assert.match(out, /BTC-USD +auction, 30 s +at once +auction waits for a price or a breaker/);
  });

  it('passes a refusal on, and says where there is no node, market or time', async () => {
    const wrong: [string, number, RegExp][] = [
      ['auction call BTC-USD --for 1m', 3, /SocketDown/],
      ['auction call DOGE-USD --for 1m', 1, /MarketUnknown/],
      ['auction call BTC-USD --for soon', 2, /not a duration/],
      ['auction call BTC-USD', 2, /--for/],
    ];
    for (const [words, exit, says] of wrong) {
      const said = await run(words);
      assert.equal(said.exit, exit, `${words}: ${said.out}${said.err}`);
      assert.match(said.err, says);
    }
    await answering({ status: 422, body: { code: 'CallMissing', message: 'no call' } });
    const said = await run('auction end BTC-USD');
    assert.equal(said.exit, 1);
    assert.match(said.err, /CallMissing/);
  });
});

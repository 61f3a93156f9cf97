import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { saveVenue } from '@holdfast/host';
import { type FakeNode, startFakeNode, traderKey } from '@holdfast/sdk/testing';
import type { Command } from 'commander';
import { readConditional } from '../src/commands/conditional.ts';
import { createProgram, type Io, runWith } from '../src/index.ts';
import { terminal } from './terminal.ts';

describe('the command line', () => {
  let node: FakeNode;
  let cwd: string;
  let dir: string;

  beforeEach(async () => {
    node = await startFakeNode();
    cwd = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
    dir = join(cwd, '.holdfast');
    mkdirSync(dir);
    await saveVenue(dir, node.venue);
  });
  afterEach(async () => {
    await node.close();
    rmSync(cwd, { recursive: true });
  });

  /** Runs words; gives exit code and what was printed. */
  async function run(words: string, change: Partial<Io> = {}) {
    const { io, seen } = terminal(cwd, change);
    const exit = await runWith(words.split(' ').filter(Boolean), io);
    return { exit, ...seen };
  }
  const json = async (words: string) => {
    const { exit, out, err } = await run(`${words} --json`);
    return { exit, value: JSON.parse(out || err) };
  };
  /** A key that the fake node takes for the owner's. */
  async function haveKey() {
    const file = join(cwd, 'raw');
    await writeFile(file, `0x${'07'.repeat(32)}\n`, { mode: 0o600 });
    const made = await json(`key create --import ${file}`);
    assert.equal(made.value.address, traderKey.address);
    await run('account use 7');
  }

  describe('keys', () => {
    it('have their passphrase beside them on a local demo venue, for the owner alone', async () => {
      const { exit, out } = await run('key create');
      assert.equal(exit, 0);
      assert.match(out, /address +0x[0-9a-fA-F]{40}/);
      assert.match(out, /Next: holdfast faucet/);
      for (const name of ['default.json', 'default.pass']) {
        assert.equal(statSync(join(dir, 'keys', name)).mode & 0o777, 0o600, name);
      }
      assert.doesNotMatch(readFileSync(join(dir, 'keys', 'default.json'), 'utf8'), /privateKey/);
    });

    it('become the one to use when they are the first', async () => {
      assert.match((await run('key create mine')).out, /Next: holdfast faucet {3}/);
      assert.equal((await json('key list')).value[0].isDefault, true);
      assert.match((await run('key create other')).out, /Next: holdfast faucet --key other/);
    });

    it('are not overwritten', async () => {
      await run('key create');
      const { exit, value } = await json('key create');
      assert.equal(exit, 3);
      assert.equal(value.error.code, 'KeyExists');
    });

    it('take a passphrase from a person or a file at any other venue', async () => {
      await saveVenue(dir, { ...node.venue, rpcUrl: 'https://rpc.example.org' });
      const refused = await run('key create');
      assert.equal(refused.exit, 3);
      assert.match(refused.err, /PassphraseMissing/);
      assert.equal(existsSync(join(dir, 'keys', 'default.pass')), false);
      const asked = await run('key create typed', { askSecret: async () => 'correct horse' });
      assert.equal(asked.exit, 0);
      assert.equal(existsSync(join(dir, 'keys', 'typed.pass')), false);
      const wrong = await run('order cancel 0 --key typed --account 7', {
        askSecret: async () => 'wrong',
      });
      assert.equal(wrong.exit, 3);
      assert.match(wrong.err, /PassphraseWrong/);
    });

    it('are listed, shown and chosen', async () => {
      await run('key create');
      await run('key create second');
      const { value } = await json('key list');
      assert.deepEqual(
        value.map((key: { name: string; isDefault: boolean }) => [key.name, key.isDefault]),
        [
          ['default', true],
          ['second', false],
        ],
      );
      await run('key use second');
      assert.equal((await json('key list')).value[1].isDefault, true);
      assert.equal((await run('key show nobody')).exit, 3);
    });
  });

  describe('conditional orders', () => {
    beforeEach(haveKey);

    it('are signed in human terms and handed to the node', async () => {
      const { exit, out } = await run('order stop BTC-USD sell 0.01 95000 --limit 94000 --nonce 5');
      assert.equal(exit, 0);
      assert.match(out, /stop-loss +sell 0.01 BTC-USD \(reduce-only\)/);
      assert.match(out, /triggers at +95000/);
      type Sent = { order: Record<string, unknown> };
      const orders = () => node.requests.map(({ body }) => (body as Sent).order);
      const [order = {}] = orders();
      const { kind, isBuy, size, triggerPrice, limitPrice, rewardPpm, nonce } = order;
      assert.deepEqual(
        { kind, isBuy, size, triggerPrice, limitPrice, rewardPpm, nonce },
        {
          kind: 0,
          isBuy: false,
          size: 10,
          triggerPrice: 950_000,
          limitPrice: 940_000,
          rewardPpm: 500,
          nonce: 5,
        },
      );
      await run('order take-profit BTC-USD sell 0.01 105000');
      await run('order trail BTC-USD sell 0.01 2% --may-grow');
      assert.deepEqual(
        orders().map((each) => [each.kind, each.trailPpm, each.reduceOnly]),
        [
          [0, 0, true],
          [1, 0, true],
          [2, 20_000, false],
        ],
      );
      assert.match((await run('order conditionals')).out, /no conditional orders/);
    });

    it('go into a file that needs no node', async () => {
      const file = join(cwd, 'order.json');
      assert.equal((await run(`order stop BTC-USD sell 0.01 95000 --out ${file}`)).exit, 0);
      assert.equal(node.requests.length, 0);
      const order = readConditional(file);
      assert.deepEqual([order.account, order.triggerPrice], [7, 950_000]);
      // Without a chain nobody can trigger it, and that is what is said.
      assert.match((await run(`order trigger ${file}`)).err, /ChainFailed/);
      await writeFile(file, JSON.stringify({ ...order, kind: 9 }));
      const { exit, err } = await run(`order trigger ${file}`);
      assert.equal(exit, 2);
      assert.match(err, /kind of a conditional order/);
    });
  });

  describe('orders', () => {
    beforeEach(haveKey);

    it('are placed as they were meant', async () => {
      const words = 'order place BTC-USD buy 0.01 --price 99000.5 --post-only --expires 90s';
      const { exit, value } = await json(words);
      assert.equal(exit, 0);
      assert.equal(value.status, 'accepted');
      assert.equal(value.resting, 10);
      const { order, signer } = node.orders[0] ?? {};
      assert.equal(signer, traderKey.address.toLowerCase());
      assert.deepEqual(
        [order?.account, order?.isBuy, order?.size, order?.price, order?.postOnly],
        [7, true, 10, 990_005, true],
      );
    });

    it('say what to do next', async () => {
      const { out } = await run('order place btc-usd sell 0.01 --price 100000');
      assert.match(out, /order +sell 0.01 BTC-USD at 100000 GTC/);
      assert.match(out, /rests +0.01 on lane 0/);
      assert.match(out, /Next: holdfast order cancel 0/);
    });

    it('without a price take the best one, within the slippage, now or not at all', async () => {
      const { value } = await json('order place BTC-USD sell 0.01 --slippage 0.5%');
      assert.equal(value.timeInForce, 'IOC');
      assert.equal(node.orders[0]?.order.price, 999_000 - 4_995);
      const { exit, value: empty } = await json('order place BTC-USD buy 0.01');
      assert.equal(exit, 1);
      assert.equal(empty.error.code, 'BookEmpty');
    });

    it('are placed many at once from a file, each answered on its own', async () => {
      const line = { market: 'BTC-USD', side: 'buy', size: '0.01', price: '99000' };
      const file = join(cwd, 'orders.jsonl');
      const save = (...lines: object[]) =>
        writeFile(file, `${lines.map((each) => JSON.stringify(each)).join('\n')}\n`);
      node.judge = ({ price }) =>
        price === 990_000
          ? { status: 'accepted' }
          : { status: 'rejected', code: 'MarginShort', message: 'needs 5 more' };
      await save(line, { ...line, price: '98000' }, { ...line, market: 'X-USD' });
      const { exit, out } = await run('order batch orders.jsonl');
      assert.equal(exit, 0);
      assert.match(out, /at 99000 +accepted/);
      assert.match(out, /at 98000 +rejected +MarginShort/);
      assert.match(out, /X-USD at 99000 +rejected +MarketUnknown/);
      assert.match(out, /1 of 3 accepted/);
      assert.equal(node.orders.length, 2);
      await save(line, { ...line, size: 1 });
      assert.match((await run('order batch orders.jsonl')).err, /line 2: .*size/s);
      await writeFile(file, '{');
      assert.match((await run('order batch orders.jsonl')).err, /line 1: not JSON/);
      await writeFile(file, '\n');
      assert.match((await run('order batch orders.jsonl')).err, /has no orders/);
      assert.equal((await run('order batch missing.jsonl')).exit, 2);
    });

    it('are refused with code and cure, exit 1', async () => {
      node.judge = () => ({ status: 'rejected', code: 'MarginShort', message: 'needs 5 more' });
      const { exit, err, out } = await run('order place BTC-USD buy 0.01 --price 100000');
      assert.equal(exit, 1);
      assert.equal(out, '');
      assert.match(err, /^MarginShort: needs 5 more\n {2}cure: deposit more/);
      const { exit: off, value } = await json('order place BTC-USD buy 0.01 --price 100000.05');
      assert.equal(off, 1);
      assert.equal(value.error.code, 'PriceNotWhole');
    });

    it('are cancelled', async () => {
      await run('order place BTC-USD buy 0.01 --price 100000');
      assert.match((await run('order cancel 0')).out, /lane 0 is cancelled/);
      const { exit, value } = await json('order cancel 0');
      assert.deepEqual([exit, value.error.code], [1, 'OrderUnknown']);
      assert.equal((await run('order cancel-all')).exit, 0);
    });
  });

  describe('views', () => {
    it('show book, markets and status to anyone', async () => {
      assert.match((await run('book BTC-USD')).out, /bid +99900 +0\.005/);
      assert.match((await run('markets')).out, /BTC-USD +100000/);
      assert.equal((await json('status')).value.ok, true);
    });

    it('show the account with a key', async () => {
      await haveKey();
      assert.match((await run('health')).out, /state +healthy/);
      assert.match((await run('positions')).out, /no positions/);
      assert.match((await run('order list')).out, /no open orders/);
      assert.match((await run('account show')).out, /as seen by +the node/);
    });

    it('watch by lines without a terminal and by screens in one', async () => {
      const lines = await run('watch BTC-USD --seconds 1');
      assert.equal(lines.exit, 0);
      const screens = await run('watch BTC-USD --seconds 1', { isTty: true });
      assert.ok(screens.out.includes('\u001b[H\u001b[2J'));
      assert.match(screens.out, /BTC-USD {2}live/);
    });
  });

  describe('failures', () => {
    it('around the venue exit with 3 and say what to do', async () => {
      const { exit, err } = await run('status --url http://127.0.0.1:9');
      assert.equal(exit, 3);
      assert.match(err, /Unreachable[\s\S]*cure: start the venue/);
      rmSync(join(dir, 'venue.json'));
      const { exit: none, err: missing } = await run('status');
      assert.equal(none, 3);
      assert.match(missing, /cure: start a venue with npm start/);
    });

    it('of the caller exit with 2', async () => {
      for (const words of [
        'order place BTC-USD hold 1',
        'order place BTC-USD buy 1 --price 1 --tif NOW',
        'order place BTC-USD buy 1 --price 1 --expires soon',
        'order place BTC-USD',
        'order cancel minus',
        'order replace 0',
        'session add 0x12',
        `session add ${traderKey.address} --size-max 1`,
        'order stop BTC-USD hold 1 2',
        'order cancel-conditional',
        'order trigger /nowhere',
        'nonsense',
        'book BTC-USD --depth x',
      ]) {
        const { exit, err } = await run(words);
        assert.equal(exit, 2, words);
        assert.notEqual(err, '', words);
      }
    });

    it('of a file that could not be written come before the work', async () => {
      for (const command of ['range --html', 'range --faults --out', 'trust --out']) {
        const missing = await run(`${command} ${join(cwd, 'none', 'x')}`);
        assert.deepEqual([missing.exit, missing.out], [2, '']);
        assert.match(missing.err, /there is no folder/);
        assert.match((await run(`${command} ${cwd}`)).err, /is a folder/);
      }
    });

    it('without a key name the cure', async () => {
      const { exit, err } = await run('faucet');
      assert.equal(exit, 3);
      assert.match(err, /KeyMissing[\s\S]*cure: holdfast key create/);
    });

    it('of a broken choices file name it', async () => {
      await writeFile(join(dir, 'cli.json'), '{"key":7}');
      assert.match((await run('key list')).err, /cli\.json is malformed/);
    });
  });

  describe('accounts', () => {
    it('go by names given here', async () => {
      await haveKey();
      await writeFile(
        join(dir, 'cli.json'),
        JSON.stringify({ key: 'default', accounts: {}, names: { hedge: 7 } }),
      );
      assert.equal((await json('account show --account hedge')).value.account, 7);
      assert.match((await run('account use hedge')).out, /account 7 is used/);
      const { exit, err } = await run('account show --account hegde');
      assert.equal(exit, 2);
      assert.match(err, /names here: hedge/);
      assert.equal((await run('account open --name 7up')).exit, 2);
    });

    it('are told apart from wrong ways to ask for the queue', async () => {
      await haveKey();
      const { exit, err } = await run('withdrawals --release --reclaim 5');
      assert.equal(exit, 2);
      assert.match(err, /not both/);
      assert.equal((await run('transfer 5')).exit, 2);
      assert.equal((await run('withdrawals --reclaim x')).exit, 2);
      assert.equal((await run('govern veto x')).exit, 2);
    });
  });

  it('works from the url of a node alone, keys then in the home folder', async () => {
    rmSync(join(dir, 'venue.json'));
    const { exit, out } = await run(`book BTC-USD --url ${node.url}`);
    assert.equal(exit, 0);
    assert.match(out, /99900/);
  });
});

describe('help', () => {
  const leaves = (command: Command, path: string[]): [string[], Command][] =>
    command.commands.length === 0
      ? [[path, command]]
      : command.commands.flatMap((each) => leaves(each, [...path, each.name()]));

  it('of every command has examples of it and --json', async () => {
    const all = leaves(
      createProgram(async () => undefined),
      [],
    );
    assert.ok(all.length >= 20, `${all.length} commands`);
    for (const [path] of all) {
      const { io, seen } = terminal('/');
      assert.equal(await runWith([...path, '--help'], io), 0);
      assert.match(seen.out, /--json/, path.join(' '));
      const [, examples = ''] = seen.out.split('Examples:');
      assert.ok(examples.includes(`$ holdfast ${path.join(' ')}`), path.join(' '));
    }
  });

  it('of the program leads a newcomer', async () => {
    const { io, seen } = terminal('/');
    assert.equal(await runWith(['--help'], io), 0);
    const steps = ['key create', 'faucet', 'deposit 1000', 'order place'];
    const at = steps.map((step) => seen.out.lastIndexOf(`$ holdfast ${step}`));
    assert.ok(at.every((place, i) => place > 0 && place > (at[i - 1] ?? 0)));
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { EnvironmentError, isRejection } from '@holdfast/units';
import {
  type Answer,
  type Client,
  type ConnectOptions,
  connect,
  type OrderInput,
} from '../src/index.ts';
import { type FakeNode, startFakeNode, traderKey } from './fake-node.ts';

const buy: OrderInput = { market: 'BTC-USD', side: 'buy', size: '0.01', price: '100000' };

describe('client', () => {
  let node: FakeNode;
  const clients: Client[] = [];

  const client = async (options: Partial<ConnectOptions> = {}): Promise<Client> => {
    const base = { venue: node.venue, signer: traderKey, account: 7, timeoutMs: 3000 };
    const made = await connect({ ...base, ...options });
    clients.push(made);
    return made;
  };
  const placed = async (on: Client, input: OrderInput = buy): Promise<Answer> => {
    const answer = await on.place(input);
    assert.ok('status' in answer, 'answered by the node');
    return answer;
  };
  const failsWith = (code: string) => (error: unknown) => {
    assert.ok(error instanceof EnvironmentError, String(error));
    assert.equal(error.code, code);
    return true;
  };

  beforeEach(async () => {
    node = await startFakeNode();
  });
  afterEach(async () => {
    for (const each of clients.splice(0)) each.close();
    await node.close();
  });

  it('signs exactly what was meant and logs in as the key', async () => {
    const on = await client();
    const answer = await placed(on, { ...buy, postOnly: true, lifeSeconds: 60 });
    assert.equal(answer.status, 'accepted');
    const [{ order, signer } = { order: undefined, signer: undefined }] = node.orders;
    assert.equal(signer, traderKey.address.toLowerCase());
    assert.equal(node.logins[0]?.signer, traderKey.address.toLowerCase());
    assert.ok(order);
    const { account, market, isBuy, size, price, timeInForce, postOnly, reduceOnly } = order;
    assert.deepEqual(
      { account, market, isBuy, size, price, timeInForce, postOnly, reduceOnly },
      {
        account: 7,
        market: 0,
        isBuy: true,
        size: 10,
        price: 1_000_000,
        timeInForce: 0,
        postOnly: true,
        reduceOnly: false,
      },
    );
    assert.ok(Math.abs(order.expiry - 1_700_000_060) <= 2);
  });

  it('takes the second at which an order dies as it is', async () => {
    const on = await client();
    const expiry = 1_700_000_777;
    await placed(on, { ...buy, lane: 3, lifeSeconds: 60, expiry });
    assert.equal(node.orders.at(-1)?.order.expiry, expiry);
  });

  it('refuses what does not fit the market, before anything is sent', async () => {
    const on = await client();
    const code = async (change: Partial<OrderInput>) => {
      const answer = await on.place({ ...buy, ...change });
      return isRejection(answer) ? answer.code : 'sent';
    };
    assert.equal(await code({ price: '100000.05' }), 'PriceNotWhole');
    assert.equal(await code({ size: '0.0005' }), 'SizeNotWhole');
    assert.equal(await code({ size: '0' }), 'SizeOutOfRange');
    assert.equal(await code({ size: '-1' }), 'SizeOutOfRange');
    assert.equal(await code({ price: '0' }), 'PriceOutOfRange');
    assert.equal(await code({ price: 'ten' }), 'DecimalMalformed');
    assert.equal(await code({ market: 'DOGE' }), 'MarketUnknown');
    assert.equal(await code({ postOnly: true, timeInForce: 'IOC' }), 'FlagsConflict');
    assert.equal(node.orders.length, 0);
    assert.equal((await placed(on)).lane, 0, 'no lane was spent');
  });

  it('takes a free lane for each order and reuses lanes that end', async () => {
    const on = await client();
    const answers = await on.placeMany([buy, buy, { ...buy, timeInForce: 'IOC' }]);
    assert.deepEqual(
      answers.map((answer) => ('lane' in answer ? [answer.lane, answer.seq] : answer)),
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
    );
    assert.deepEqual(
      (await on.live()).map(({ lane }) => lane),
      [0, 1],
    );
    assert.equal((await on.cancel(0, 1)).status, 'cancelled');
    const again = await placed(on);
    assert.deepEqual([again.lane, again.seq], [0, 2]);
    assert.equal((await placed(on)).lane, 2);
  });

  it('goes on where the node says that the lanes are', async () => {
    node.lanes.set(0, { lane: 0, seq: 41, filled: 0, resting: 5 });
    node.lanes.set(1, { lane: 1, seq: 9, filled: 5, resting: 0 });
    const on = await client();
    const answer = await placed(on);
    assert.deepEqual([answer.lane, answer.seq], [1, 10]);
    const replaced = (await on.replace(0, { ...buy, price: '99000' })) as Answer;
    assert.deepEqual([replaced.lane, replaced.seq], [0, 42]);
  });

  it('frees a lane when the node tells that its order is filled', async () => {
    const on = await client();
    await placed(on);
    node.push({
      op: 'order',
      account: 7,
      market: 0,
      lane: 0,
      seq: 1,
      status: 'filled',
      filled: 10,
      size: 10,
    });
    await on.watch(['status'], () => undefined);
    assert.equal((await placed(on)).lane, 0);
  });

  it('gives refusals as values, with a cure', async () => {
    node.judge = () => ({ status: 'rejected', code: 'MarginShort', message: 'needs 5 more' });
    const on = await client();
    const answer = await placed(on);
    assert.equal(answer.status, 'rejected');
    assert.equal(answer.code, 'MarginShort');
    assert.match(answer.cure ?? '', /deposit/);
    assert.deepEqual(await on.live(), []);
    assert.equal((await on.cancel(3)).code, 'OrderUnknown');
  });

  it('signs anew, once, when the account has moved on meanwhile', async () => {
    const on = await client();
    await on.ready();
    node.epoch = 5;
    node.lanes.set(0, { lane: 0, seq: 3, filled: 0, resting: 9 });
    node.judge = ({ lane, seq }) =>
      lane === 0 && seq < 4
        ? { status: 'rejected', code: 'SeqStale', message: 'used' }
        : { status: 'accepted' };
    const answer = await placed(on);
    assert.deepEqual([answer.status, answer.lane, answer.seq], ['accepted', 1, 1]);
    const signers = node.orders.map(({ signer }) => signer);
    assert.equal(signers.at(-1), traderKey.address.toLowerCase(), 'under the new epoch');
    node.judge = () => ({ status: 'rejected', code: 'EpochWrong', message: 'again' });
    const before = node.orders.length;
    assert.equal((await placed(on)).code, 'EpochWrong');
    assert.equal(node.orders.length, before + 2);
  });

  it('asks again after a lost connection, and nothing runs twice', async () => {
    const on = await client();
    await on.ready();
    node.dropsBeforeAck = 1;
    const answer = await placed(on);
    assert.equal(answer.status, 'accepted');
    assert.equal(node.orders.length, 1, 'the node ran it once');
    assert.equal(node.logins.length, 2, 'logged in anew');
    assert.deepEqual(node.subscriptions.at(-1), ['account:7']);
    assert.equal((await placed(on)).lane, 1);
  });

  it('speaks binary when told', async () => {
    const on = await client({ binary: true });
    const answer = await placed(on);
    assert.equal(answer.status, 'accepted');
    assert.equal((await on.cancel(0)).status, 'cancelled');
    node.judge = () => ({ status: 'rejected', code: 'PriceStale', message: 'old' });
    assert.equal((await placed(on)).code, 'PriceStale');
  });

  it('cancels everything', async () => {
    const on = await client();
    await on.placeMany([buy, buy]);
    assert.equal((await on.cancelAll()).status, 'cancelled');
    assert.deepEqual(await on.live(), []);
  });

  it('streams frames until told to stop', async () => {
    const on = await client();
    const seen: string[] = [];
    const stop = await on.watch(['trades:0'], (frame) => seen.push(frame.op));
    const trade = { op: 'trade', market: 0, id: 1, price: 5, lots: 1, takerIsBuy: true, at: 1 };
    node.push(trade);
    await on.watch(['status'], () => undefined);
    assert.ok(seen.includes('trade'));
    await stop();
    seen.length = 0;
    node.push(trade);
    await on.status();
    await on.watch(['book:0'], () => undefined);
    assert.deepEqual(seen, []);
  });

  describe('against a node that cheats', () => {
    it('catches an answer that says something else than was signed', async () => {
      node.tamper = (items) =>
        items.map((item) => ({ ...item, status: 'rejected', code: 'Halted' }));
      await assert.rejects(placed(await client()), failsWith('ReceiptWrong'));
    });

    it('catches a forged head', async () => {
      node.tamper = (items) => items.map((item) => ({ ...item, head: new Uint8Array(32) }));
      await assert.rejects(placed(await client()), failsWith('ReceiptWrong'));
    });

    it('catches a fork of the receipt chain, though every frame is signed', async () => {
      const on = await client();
      await placed(on);
      await placed(on);
      node.isForked = true;
      await assert.rejects(placed(on), failsWith('ReceiptWrong'));
    });

    it('does not talk to another venue or another node', async () => {
      const other = `0x${'99'.repeat(20)}` as const;
      const contracts = { ...node.venue.contracts, clearingHouse: other };
      const wrongHouse = await client({ venue: { ...node.venue, contracts } });
      await assert.rejects(placed(wrongHouse), failsWith('VenueDiffers'));
      const wrongNode = await client({ venue: { ...node.venue, node: other } });
      await assert.rejects(placed(wrongNode), failsWith('NodeDiffers'));
    });
  });

  describe('when things around fail', () => {
    it('says what is unknown when no answer comes', async () => {
      const on = await client({ timeoutMs: 300 });
      await on.ready();
      node.isDeaf = true;
      await assert.rejects(placed(on), failsWith('GatewayTimeout'));
    });

    it('says that the node cannot be reached', async () => {
      const gateway = { host: '127.0.0.1', port: 9 };
      const on = await client({ venue: { ...node.venue, gateway }, timeoutMs: 300 });
      await assert.rejects(placed(on), failsWith('Unreachable'));
    });

    it('says that the login was refused', async () => {
      await assert.rejects(placed(await client({ account: 666 })), failsWith('SignatureWrong'));
    });

    it('says that a key is missing', async () => {
      const on = await client({ signer: undefined });
      await assert.rejects(placed(on), failsWith('KeyMissing'));
    });

    it('fails chain actions as environment errors when the chain is gone', async () => {
      const on = await client();
      await assert.rejects(on.openAccount(), failsWith('ChainFailed'));
    });
  });

  it('finds a venue from the url of its node alone', async () => {
    const on = await client({ venue: undefined, url: node.url });
    assert.equal(on.info.clearingHouse, node.venue.contracts.clearingHouse);
    assert.equal((await placed(on)).status, 'accepted');
    assert.throws(() => on.chain(), failsWith('RpcMissing'));
  });
});

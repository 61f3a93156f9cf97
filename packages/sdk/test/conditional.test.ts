import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  type Conditional,
  conditionalDigest,
  conditionalHash,
  domain,
  domainSeparator,
  forgetDigest,
  recoverSigner,
  type SignedConditional,
} from '@holdfast/order';
import { fromHex, type Hex, isRejection, type Rejection } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import { type Client, type ConditionalInput, connect } from '../src/index.ts';
import { clearingHouse, type FakeNode, startFakeNode, traderKey } from './fake-node.ts';

const separator = domainSeparator(domain(31_337, clearingHouse));
const stop: ConditionalInput = {
  market: 'BTC-USD',
  side: 'sell',
  size: '0.01',
  kind: 'stop-loss',
  trigger: '95000',
};

function got<T>(value: T | Rejection): T {
  assert.ok(!isRejection(value), JSON.stringify(value));
  return value;
}

const signerOf = ({ signature, ...order }: SignedConditional) =>
  recoverSigner(conditionalDigest(separator, order as Conditional), fromHex(signature));

describe('conditional orders of a client', () => {
  let node: FakeNode;
  let client: Client;

  const connectAs = async (signer: LocalAccount): Promise<Client> => {
    client = await connect({ venue: node.venue, signer, account: 7, timeoutMs: 3000 });
    return client;
  };

  const firstRequest = (): FakeNode['requests'][number] => {
    const [request] = node.requests;
    assert.ok(request);
    return request;
  };

  beforeEach(async () => {
    node = await startFakeNode();
    await connectAs(traderKey);
  });
  afterEach(async () => {
    client.close();
    await node.close();
  });

  it('are signed in whole units and handed to the node under their hash', async () => {
    node.epoch = 3;
    got(await client.conditional({ ...stop, limit: '94000', rewardPpm: 700, nonce: 5 }));
    const { method, body } = firstRequest();
    assert.equal(method, 'POST');
    const order = body.order as SignedConditional;
    const { since, expiry, signature, ...terms } = order;
    assert.deepEqual(terms, {
      account: 7,
      market: 0,
      isBuy: false,
      size: 10,
      kind: 0,
      triggerPrice: 950_000,
      trailPpm: 0,
      limitPrice: 940_000,
      rewardPpm: 700,
      reduceOnly: true,
      nonce: 5,
      epoch: 3,
    });
    assert.equal(expiry - since, 30 * 86_400);
    assert.equal(signerOf(order), traderKey.address.toLowerCase());
    assert.equal(`0x${body.clientId}`, conditionalHash(order));
    assert.equal(signature.length, 130);
  });

  it('take any price near the index without a limit, and a nonce of their own', async () => {
    const sell = got(await client.signConditional(stop));
    const buy = got(await client.signConditional({ ...stop, side: 'buy' }));
    assert.deepEqual([sell.limitPrice, buy.limitPrice], [1, 2 ** 32 - 1]);
    assert.notEqual(sell.nonce, buy.nonce);
    assert.equal(node.requests.length, 0, 'signing tells nobody');
  });

  it('trail from the index price now', async () => {
    const trail = { ...stop, kind: 'trailing', trailPpm: 20_000 } as const;
    const { trigger: _, ...without } = trail;
    const order = got(await client.signConditional(without));
    assert.deepEqual([order.kind, order.triggerPrice, order.trailPpm], [2, 1_000_000, 20_000]);
  });

  it('are refused before they are signed when a field cannot be meant', async () => {
    const code = async (change: Partial<ConditionalInput>) => {
      const result = await client.signConditional({ ...stop, ...change });
      return isRejection(result) ? result.code : undefined;
    };
    assert.equal(await code({ rewardPpm: 10_001 }), 'ConditionalMalformed');
    assert.equal(await code({ trailPpm: 1 }), 'ConditionalMalformed');
    assert.equal(await code({ kind: 'trailing' }), 'ConditionalMalformed');
    assert.equal(await code({ trigger: undefined }), 'PriceMissing');
    assert.equal(await code({ market: 'NO' }), 'MarketUnknown');
  });

  it('are signed as typed data by wallets that sign no bare digest', async () => {
    const { sign: _, ...wallet } = traderKey;
    const order = got(await (await connectAs(wallet as LocalAccount)).signConditional(stop));
    assert.equal(signerOf(order), traderKey.address.toLowerCase());
  });

  it('are forgotten by a signed request', async () => {
    const hash: Hex = `0x${'ab'.repeat(32)}`;
    got(await client.forgetConditional(hash));
    const { method, url, body } = firstRequest();
    assert.deepEqual([method, url], ['DELETE', `/v1/conditionals/${hash}`]);
    const { account, expiry, signature } = body as unknown as {
      account: Conditional['account'];
      expiry: Conditional['expiry'];
      signature: Hex;
    };
    const digest = forgetDigest(separator, { account, order: hash, expiry });
    assert.equal(recoverSigner(digest, fromHex(signature)), traderKey.address.toLowerCase());
  });

  it('are listed by account', async () => {
    assert.deepEqual(await client.conditionals(), []);
    assert.equal(node.requests[0]?.url, '/v1/conditionals?account=7&after=0&limit=1000');
  });
});

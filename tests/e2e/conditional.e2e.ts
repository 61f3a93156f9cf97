/** A stop is signed once, a keeper fills it at the price of the chain, and all books agree. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, connect } from '@holdfast/sdk';
import { isRejection, type Rejection } from '@holdfast/units';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { agreeOn } from './harness/agree.ts';
import { onStage, type Stage, tell } from './harness/stage.ts';
import { until } from './harness/until.ts';

function got<T>(value: T | Rejection): T {
  if (isRejection(value)) throw new Error(`${value.code}: ${value.message}`);
  return value;
}

/** A funded account with a key of its own. */
async function trader({ venue }: Stage): Promise<{ client: Client; account: number }> {
  const signer = privateKeyToAccount(generatePrivateKey());
  const client = await connect({ venue, signer, timeoutMs: 60_000 });
  got(await client.faucet('20000'));
  const { account } = got(await client.openAccount());
  got(await client.deposit('10000'));
  return { client, account };
}

const positionOf = async (client: Client): Promise<number> =>
  got(await client.account()).positions.find(({ market }) => market === 0)?.size ?? 0;

async function scene(stage: Stage): Promise<void> {
  const [alice, bob] = [await trader(stage), await trader(stage)];
  const index = await until('a price', 60_000, async () => {
    const [market] = await alice.client.markets();
    return market !== undefined && market.indexPrice > 0 && market.indexPrice;
  });
  const order = { market: 0, size: 40, price: index } as const;
  await bob.client.place({ ...order, side: 'sell' });
  await alice.client.place({ ...order, side: 'buy' });
  await until('a long position', 30_000, async () => (await positionOf(alice.client)) === 40);
  await agreeOn(stage, alice.account);

  // A trailing stop from far below: whatever the price is, it is a better one.
  const from = Math.floor(index * 0.8);
  const trail = got(
    await alice.client.conditional({
      market: 0,
      side: 'sell',
      size: 10,
      kind: 'trailing',
      trigger: from,
      trailPpm: 500_000,
    }),
  );
  const chain = alice.client.chain();
  await until('the keeper to ratchet', 60_000, async () => {
    const { best } = await chain.conditional(trail);
    return best > from;
  });
  // A stop above the price: it is reached at once.
  const stop = got(
    await alice.client.conditional({
      market: 0,
      side: 'sell',
      size: 100,
      kind: 'stop-loss',
      trigger: Math.floor(index * 1.2),
    }),
  );
  await until('the keeper to trigger', 60_000, async () => (await chain.conditional(stop)).used);
  await until('the node to know', 60_000, async () => (await positionOf(alice.client)) === 0);
  await agreeOn(stage, alice.account);
  tell('a stop was filled by the keeper, and core and chain agree on the account');

  got(await alice.client.forgetConditional(trail.hash));
  got(await alice.client.cancelNonceOnChain(trail.nonce));
  assert.ok((await chain.conditional(trail)).used);
  alice.client.close();
  bob.client.close();
}

describe('conditional orders', () => {
  it('are triggered and ratcheted by the keeper of a running venue', () =>
    onStage({ traders: 0 }, scene));
});

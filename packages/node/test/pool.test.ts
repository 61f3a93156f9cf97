import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completeOrder, domainSeparator, type SignedOrder, unpackOrder } from '@holdfast/order';
import { EnvironmentError } from '@holdfast/units';
import { createVerifyPool } from '../src/verify/pool.ts';
import { alice, bob, makeOrder, theDomain } from './fixture.ts';

const separator = domainSeparator(theDomain);

function signedOrder(secret: Uint8Array, lane: number): SignedOrder {
  const packed = unpackOrder(makeOrder(secret, { lane: lane as never }));
  return completeOrder(packed as never, 0 as never) as SignedOrder;
}

describe('verify pool', () => {
  it('gives the same signers on threads and inline, in order', async () => {
    const orders = Array.from({ length: 50 }, (_, lane) =>
      signedOrder(lane % 3 === 0 ? bob.secret : alice.secret, lane),
    );
    orders[7] = { ...(orders[7] as SignedOrder), signature: new Uint8Array(64) };
    const pool = createVerifyPool({ separator, verifier: 'native', threads: 1 });
    const inline = createVerifyPool({ separator, verifier: 'portable', threads: 0 });
    try {
      const [threaded, direct] = await Promise.all([pool.signers(orders), inline.signers(orders)]);
      assert.deepEqual(threaded, direct);
      assert.equal(threaded[7], undefined);
      assert.equal(threaded[0], bob.address.toLowerCase());
      assert.equal(threaded[1], alice.address.toLowerCase());
    } finally {
      await pool.close();
    }
  });

  it('fails what waits when it is closed', async () => {
    const pool = createVerifyPool({ separator, verifier: 'native', threads: 1 });
    const waiting = pool.signers([signedOrder(alice.secret, 0)]);
    const failed = assert.rejects(
      waiting,
      (error) => error instanceof EnvironmentError && error.code === 'VerifierStopped',
    );
    await pool.close();
    await failed;
  });
});

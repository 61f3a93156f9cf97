import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { domainSeparator } from '@holdfast/order';
import { EnvironmentError } from '@holdfast/units';
import { createVerifyPool, type Signed } from '../src/verify/pool.ts';
import { alice, bob, makeOrder, theDomain } from './fixture.ts';

const separator = domainSeparator(theDomain);

function signed(secret: Uint8Array, lane: number): Signed {
  return { packed: makeOrder(secret, { lane: lane as never }), epoch: 0 };
}

const failsWith = (code: string) => (error: unknown) =>
  error instanceof EnvironmentError && error.code === code;

describe('verify pool', () => {
  it('gives the same signers on threads and inline, in order', async () => {
    const orders = Array.from({ length: 50 }, (_, lane) =>
      signed(lane % 3 === 0 ? bob.secret : alice.secret, lane),
    );
    orders[7]?.packed.fill(0, 26);
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
    const failed = assert.rejects(
      pool.signers([signed(alice.secret, 0)]),
      failsWith('VerifierStopped'),
    );
    await pool.close();
    await failed;
  });

  it('ends its threads in the middle of their work without harm to the process', async () => {
    const batch = Array.from({ length: 256 }, (_, lane) => signed(alice.secret, lane));
    // The addon throws for an r that is no point's: that must not meet a thread that is ended.
    for (const { packed } of batch.slice(1)) packed.fill(0xff, 26, 58);
    for (let round = 0; round < 8; round++) {
      const pool = createVerifyPool({ separator, verifier: 'native', threads: 2 });
      await Promise.all([pool.signers(batch.slice(0, 1)), pool.signers(batch.slice(0, 1))]);
      const asked = Promise.allSettled([pool.signers(batch), pool.signers(batch)]);
      await new Promise((resolve) => setTimeout(resolve, 1));
      await pool.close();
      // Answered before the end or refused by it, but not left waiting.
      await asked;
    }
  });

  for (const [how, act] of [
    ['throws', 'throw new Error("mid-batch")'],
    ['ends', 'process.exit(0)'],
  ]) {
    it(`says so when a thread ${how} with orders in its hands, and goes on`, async () => {
      const script =
        "import { parentPort } from 'node:worker_threads';" +
        `parentPort.on('message', () => { ${act} })`;
      const boot = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
      const pool = createVerifyPool({ separator, verifier: 'native', threads: 1, boot });
      try {
        const batch = [signed(alice.secret, 0), signed(bob.secret, 1)];
        const both = [pool.signers(batch), pool.signers(batch)];
        for (const lost of both) await assert.rejects(lost, failsWith('VerifierDied'));
        assert.equal(pool.waiting(), 0);
        await assert.rejects(
          pool.signers(batch),
          failsWith('VerifierDied'),
          'the next has its own',
        );
      } finally {
        await pool.close();
      }
    });
  }
});

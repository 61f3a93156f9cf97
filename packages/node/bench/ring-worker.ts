import { workerData } from 'node:worker_threads';
import { packedOrderBytes } from '@holdfast/order';
import { hashFast } from '../src/verify/keccak.ts';
import { createVerifier, VERDICT_BYTES, type VerifySetup } from '../src/verify/verify.ts';
import { BATCH, type Shared, SLOTS } from './ring.ts';

const { setup, shared } = workerData as { setup: VerifySetup; shared: Shared };
const { counts, packed, epochs, verdicts } = shared;
await hashFast();
const verify = createVerifier(setup);

for (let done = 0; ; done++) {
  while (Atomics.load(counts, 0) <= done) Atomics.wait(counts, 0, done);
  const from = (done % SLOTS) * BATCH;
  const count = Atomics.load(counts, 2 + (done % SLOTS));
  const job = {
    id: done,
    packed: packed.subarray(from * packedOrderBytes, (from + count) * packedOrderBytes),
    epochs: epochs.subarray(from, from + count),
  };
  verdicts.set(verify(job), from * VERDICT_BYTES);
  Atomics.add(counts, 1, 1);
  Atomics.notify(counts, 1);
}

import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@holdfast/units';
import { hashFast } from './keccak.ts';
import { createVerifier, type VerifyJob, type VerifySetup } from './verify.ts';

export type VerifyDone = { readonly id: number; readonly verdicts: Uint8Array };

await hashFast();
const verify = createVerifier(workerData as VerifySetup);
const port = parentPort;
invariant(port !== null, 'the verifier runs as a worker thread');

port.on('message', (job: VerifyJob | 'end') => {
  if (job === 'end') {
    port.close();
    return;
  }
  const done: VerifyDone = { id: job.id, verdicts: verify(job) };
  port.postMessage(done);
});

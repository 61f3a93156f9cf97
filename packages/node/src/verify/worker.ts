import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@holdfast/units';
import { recoverFor, type VerifyJob, type VerifySetup, verifyJob } from './verify.ts';

export type VerifyDone = { readonly id: number; readonly verdicts: Uint8Array };

const setup = workerData as VerifySetup;
const recover = recoverFor(setup);
const port = parentPort;
invariant(port !== null, 'the verifier runs as a worker thread');

port.on('message', (job: VerifyJob) => {
  const done: VerifyDone = { id: job.id, verdicts: verifyJob(setup, recover, job) };
  port.postMessage(done);
});

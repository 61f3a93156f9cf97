/** What the page calls: all that it knows, and one check. Nothing in here knows of a document. */
import { addressText, type MarginQuestion } from '@holdfast/proof';
import { type Hex, isRejection, type Rejection, reject } from '@holdfast/units';
import { config } from 'zod';
import { type ChainSaid, readPoolAt } from './chain.ts';
import type { Papers } from './papers.ts';
import { type Accepted, type AskedWords, verdictOf } from './verdict.ts';

export { isRejection } from '@holdfast/units';
export { withPaper } from './papers.ts';
export { verdictOf } from './verdict.ts';

// A page that may not make code out of text: the validator is told not to try.
config({ jitless: true });

/** A question as the fields of the page show it. */
export function wordsOf(question: MarginQuestion): AskedWords {
  const { chainId, verifier, requester, nonce, expiry, kind, threshold } = question;
  return {
    chainId: `${chainId}`,
    verifier: addressText(verifier),
    requester: addressText(requester),
    nonce: `${nonce}`,
    expiry: `${expiry}`,
    kind,
    threshold: `${threshold}`,
  };
}

export type Form = {
  readonly papers: Papers;
  readonly asked: AskedWords;
  readonly from: 'chain' | 'papers';
  readonly url: string;
  readonly pool: string;
  readonly root: string;
  readonly seen: string;
  readonly clock: bigint;
};

type Read = (url: string, pool: Hex, chunk: number) => Promise<ChainSaid | Rejection>;

/** Reads the chain if it is to be read, and judges. */
export async function checkForm(
  form: Form,
  read: Read = readPoolAt,
): Promise<Accepted | Rejection> {
  const { papers, asked, clock, seen } = form;
  const given = { papers, asked, clock, seen };
  if (form.from === 'papers') {
    return verdictOf({ ...given, source: { from: 'papers', root: form.root } });
  }
  if (papers.proof === undefined) {
    return reject('ProofMissing', 'give the proof: margin.proof.json');
  }
  const pool = form.pool.trim();
  if (!/^0x[0-9a-fA-F]{40}$/.test(pool)) {
    return reject('AddressMalformed', 'give the address of the pool: 0x and 40 digits');
  }
  const said = await read(form.url.trim(), pool as Hex, papers.proof.chunkIndex);
  if (isRejection(said)) return said;
  return verdictOf({ ...given, source: { from: 'chain', said } });
}

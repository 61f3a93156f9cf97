/** Files that somebody drops on the page: told apart by format, read strictly, kept as data. */
import {
  factsFile,
  keyFile,
  marginProofFile,
  questionFile,
  readFormat,
  transcriptFile,
} from '@holdfast/proof';
import { isRejection, type Rejection, reject } from '@holdfast/units';
import { z } from 'zod';
import { snapshotFile } from './snapshot.ts';

/** More than any of these files has. */
const textMax = 1 << 20;

const digits = z.union([z.string().max(80), z.number()]).transform(String);

/**
 * What the prover says it answered. Nothing is judged by it: it only tells a reader which of its
 * own words differ.
 */
const claimedQuestion = z.object({
  requester: digits,
  nonce: digits,
  expiry: digits,
  kind: digits,
  threshold: digits,
});

/** A margin proof; one that was made from the chain has the epoch's snapshot beside it. */
const answerFile = z.intersection(
  marginProofFile,
  z.object({
    snapshot: snapshotFile.optional(),
    verifier: digits.optional().catch(undefined),
    claim: claimedQuestion.optional().catch(undefined),
  }),
);
export type Answer = z.infer<typeof answerFile>;

const schemas = {
  proof: ['holdfast-margin-proof/1', answerFile],
  question: ['holdfast-question/1', questionFile],
  key: ['holdfast-key/1', keyFile],
  ceremony: ['holdfast-ceremony/1', transcriptFile],
  facts: ['holdfast-facts/1', factsFile],
} as const;
export type PaperKind = keyof typeof schemas;

/** What was read so far, one of each. */
export type Papers = { [K in PaperKind]?: z.infer<(typeof schemas)[K][1]> };

const secrets = ['holdfast-member/1', 'holdfast-book/1'];

function formatOf(text: string): { value: unknown; format: unknown } | Rejection {
  if (text.length > textMax) {
    return reject('FileTooLong', `${text.length} characters, ${textMax} at most`);
  }
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null;
    return { value, format: isObject ? (value as { format?: unknown }).format : undefined };
  } catch {
    return reject('FileMalformed', 'this is no JSON');
  }
}

/** The papers with one more, which takes the place of the one before of its kind. */
export function withPaper(
  papers: Papers,
  text: string,
): { readonly kind: PaperKind; readonly papers: Papers } | Rejection {
  const found = formatOf(text);
  if (isRejection(found)) return found;
  const { value, format } = found;
  if (secrets.includes(format as string)) {
    const cure = 'it is not needed here, was not kept, and should be given to nobody';
    return reject('FileSecret', `this file is a member’s or an operator’s secret: ${cure}`);
  }
  for (const [kind, [name, schema]] of Object.entries(schemas)) {
    if (name !== format) continue;
    const read = readFormat(schema, value, name);
    if (isRejection(read)) return read;
    return { kind: kind as PaperKind, papers: { ...papers, [kind]: read } };
  }
  const known = Object.values(schemas).map(([name]) => name);
  return reject('FormatUnknown', `the file’s format is none of ${known.join(', ')}`);
}

/** What the operator is asked over HTTP: bodies by their schemas, and answers. */
import type { JsonReply, JsonRequest } from '@holdfast/host';
import { isRejection, type Rejection, reject, stringifyPlain } from '@holdfast/units';
import { z } from 'zod';
import { address, hex, memberOrder, whole } from './schemas.ts';

const natural = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt);

export const bodies = {
  order: z.strictObject({
    order: memberOrder,
    signature: hex,
  }),
  cancel: z.strictObject({ member: address, nonce: whole, expiry: whole, signature: hex }),
  read: z.strictObject({ member: address, expiry: whole, signature: hex }),
  admit: z.strictObject({ member: address, key: natural }),
  payout: z.strictObject({
    member: address,
    amount: natural,
    to: address,
    nonce: natural,
    expiry: whole,
    signature: hex,
  }),
} as const;

export const replyOf = (result: object | Rejection | undefined): JsonReply => ({
  status: isRejection(result) ? 422 : 200,
  body: JSON.parse(stringifyPlain(result ?? {})),
});

/** A route that reads its body by a schema. */
export const route =
  <S extends z.ZodType>(schema: S, then: (body: z.infer<S>) => Promise<object | Rejection>) =>
  async ({ body }: JsonRequest): Promise<JsonReply> => {
    const read = schema.safeParse(body);
    if (!read.success) {
      const { path, message } = read.error.issues[0] as { path: PropertyKey[]; message: string };
      const text = `${path.map(String).join('.') || 'the body'}: ${message}`;
      return { status: 400, body: reject('Malformed', text) };
    }
    return replyOf(await then(read.data));
  };

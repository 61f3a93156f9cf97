/** What an endpoint sends, checked for its form before anything is believed. */
import { EnvironmentError, type Hex } from '@holdfast/units';
import { z } from 'zod';

const hex = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/)
  .transform((text) => text.toLowerCase() as Hex);
const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text) => text.toLowerCase() as Hex);
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase() as Hex);
const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text));
const count = quantity
  .refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER))
  .transform((value) => Number(value));

const logSchema = z.object({
  address,
  topics: z.array(hash).max(4),
  data: hex,
  transactionHash: hash,
  logIndex: count,
});

const headerFields = {
  parentHash: hash,
  sha3Uncles: hash,
  miner: address,
  stateRoot: hash,
  transactionsRoot: hash,
  receiptsRoot: hash,
  logsBloom: hex,
  difficulty: quantity,
  number: count,
  gasLimit: quantity,
  gasUsed: quantity,
  timestamp: count,
  extraData: hex,
  mixHash: hash,
  nonce: hex,
  baseFeePerGas: quantity.optional(),
  withdrawalsRoot: hash.optional(),
  blobGasUsed: quantity.optional(),
  excessBlobGas: quantity.optional(),
  parentBeaconBlockRoot: hash.optional(),
  requestsHash: hash.optional(),
};

const transactionSchema = z.object({
  hash,
  from: address,
  to: address.nullish(),
  input: hex,
  /** In a block: what it paid for a gas, all in all. */
  gasPrice: quantity.optional(),
});

const headerSchema = z.object({ hash, ...headerFields });
const blockSchema = headerSchema.extend({ transactions: z.array(transactionSchema) });

const receiptSchema = z.object({
  type: quantity.optional(),
  status: quantity.optional(),
  cumulativeGasUsed: quantity,
  logsBloom: hex,
  logs: z.array(logSchema),
  transactionHash: hash,
});

/** A log in the form of the wire. */
export type RawLog = z.output<typeof logSchema>;
/** A header with the hash that the endpoint says it has. */
export type RawHeader = z.output<typeof headerSchema>;
export type RawTransaction = z.output<typeof transactionSchema>;
/** A header with whole transactions. */
export type RawBlock = z.output<typeof blockSchema>;
export type RawReceipt = z.output<typeof receiptSchema>;

function reader<T>(schema: z.ZodType<T>, what: string) {
  return (value: unknown): T => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = `${issue?.path.join('.')}: ${issue?.message}`;
    throw new EnvironmentError('AnswerMalformed', `${what} is malformed (${where})`, {
      retry: true,
    });
  };
}

/** @throws EnvironmentError AnswerMalformed, as the others here */
export const readHeader = reader(headerSchema, 'a header');
export const readBlock = reader(blockSchema, 'a block');
export const readLogs = reader(z.array(logSchema), 'a list of logs');
export const readReceipts = reader(z.array(receiptSchema), 'a list of receipts');
export const readTransaction = reader(
  transactionSchema.extend({
    value: quantity,
    gas: quantity,
    gasPrice: quantity.optional(),
    maxFeePerGas: quantity.optional(),
    maxPriorityFeePerGas: quantity.optional(),
    nonce: count,
  }),
  'a transaction',
);
export type RawPending = ReturnType<typeof readTransaction>;

/**
 * An instruction: a list of calls that the treasury is to make. Parties pass the whole of it to
 * each other, ABI-encoded, and each computes by itself what is signed.
 */
import { fromHex, type Hex, isRejection, type Rejection, reject, toHex } from '@holdfast/units';
import { type Address, decodeAbiParameters, encodeAbiParameters, hashTypedData } from 'viem';
import { z } from 'zod';

/** One call, without value. */
export type Call = { readonly target: Address; readonly data: Hex };

/** @property expiry last second at which it can be scheduled */
export type Instruction = {
  readonly nonce: bigint;
  readonly expiry: number;
  readonly calls: readonly Call[];
};

/** Where instructions are signed for. */
export type Domain = { readonly chainId: number; readonly treasury: Address };

/** Most calls of one instruction that a signer reads. */
export const callsMax = 64;

const types = {
  Instruction: [
    { name: 'nonce', type: 'uint64' },
    { name: 'expiry', type: 'uint40' },
    { name: 'targets', type: 'address[]' },
    { name: 'data', type: 'bytes[]' },
  ],
} as const;
const parameters = [
  { type: 'uint64' },
  { type: 'uint40' },
  { type: 'address[]' },
  { type: 'bytes[]' },
] as const;

/** Targets and data, as the contract takes them. */
export const lists = ({ calls }: Pick<Instruction, 'calls'>) => ({
  targets: calls.map(({ target }) => target),
  data: calls.map(({ data }) => data),
});

/** What the committee signs, 32 bytes; the twin of `Treasury.digest`. */
export function instructionDigest({ chainId, treasury }: Domain, of: Instruction): Hex {
  return hashTypedData({
    domain: { name: 'Holdfast Treasury', version: '1', chainId, verifyingContract: treasury },
    types,
    primaryType: 'Instruction',
    message: { nonce: of.nonce, expiry: of.expiry, ...lists(of) },
  });
}

/** The bytes that parties pass on. */
export function encodeInstruction(of: Instruction): Uint8Array {
  const { targets, data } = lists(of);
  return fromHex(encodeAbiParameters(parameters, [of.nonce, of.expiry, targets, data]));
}

const malformed = (why: string): Rejection => reject('InstructionMalformed', why);

/**
 * Reads the bytes of {@link encodeInstruction}; no byte may be other than it would be written.
 * @returns the instruction, or a rejection `InstructionMalformed`
 */
export function decodeInstruction(bytes: Uint8Array): Instruction | Rejection {
  let of: Instruction;
  try {
    const [nonce, expiry, targets, data] = decodeAbiParameters(parameters, toHex(bytes));
    if (targets.length === 0 || targets.length !== data.length || targets.length > callsMax) {
      return malformed(`${targets.length} targets and ${data.length} data are no list of calls`);
    }
    const calls = targets.map((target, i) => ({ target, data: data[i] as Hex }));
    of = { nonce, expiry: Number(expiry), calls };
  } catch {
    return malformed('these bytes are no instruction');
  }
  if (toHex(encodeInstruction(of)) === toHex(bytes)) return of;
  return malformed('the bytes hold more than an instruction');
}

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address (0x and 40 hex digits)')
  .transform((text) => text.toLowerCase() as Address);
const hexBytes = (pattern: RegExp, what: string) =>
  z
    .string()
    .regex(pattern, what)
    .transform((text) => text.toLowerCase() as Hex);

const fileSchema = z.strictObject({
  version: z.literal(1),
  chainId: z.number().int().min(1),
  treasury: address,
  nonce: z.string().regex(/^\d{1,20}$/, 'must be a whole number as text'),
  expiry: z
    .number()
    .int()
    .min(1)
    .max(2 ** 40 - 1),
  calls: z
    .array(
      z.strictObject({
        target: address,
        data: hexBytes(/^0x(?:[0-9a-fA-F]{2})*$/, 'must be bytes in hexadecimal'),
      }),
    )
    .min(1)
    .max(callsMax),
  /** Of the committee, 65 bytes; there once it has signed. */
  signature: hexBytes(/^0x[0-9a-fA-F]{130}$/, 'must be 65 bytes in hexadecimal').optional(),
});

/** An instruction as a file for people to pass on. */
export type InstructionFile = z.output<typeof fileSchema>;

/** The file of an instruction. */
export function fileOf(domain: Domain, of: Instruction, signature?: Hex): InstructionFile {
  const { nonce, expiry, calls } = of;
  const signed = signature === undefined ? {} : { signature };
  const treasury = domain.treasury.toLowerCase() as Address;
  const { chainId } = domain;
  return {
    version: 1,
    chainId,
    treasury,
    nonce: `${nonce}`,
    expiry,
    calls: [...calls],
    ...signed,
  };
}

/**
 * Reads such a file for this treasury.
 * @returns instruction and signature, or a rejection `InstructionMalformed`, `InstructionForeign`
 */
export function readInstructionFile(
  value: unknown,
  domain: Domain,
): { instruction: Instruction; signature: Hex | undefined } | Rejection {
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) return malformed(z.prettifyError(parsed.error));
  const { chainId, treasury, nonce, expiry, calls, signature } = parsed.data;
  if (chainId !== domain.chainId || treasury !== domain.treasury.toLowerCase()) {
    const text = `it is for the treasury ${treasury} on chain ${chainId}`;
    return reject('InstructionForeign', `${text}, not ${domain.treasury} on ${domain.chainId}`);
  }
  // Through the bytes: whatever parties would not read is none here.
  const of = { nonce: BigInt(nonce), expiry, calls };
  if (of.nonce >= 2n ** 64n) return malformed(`the number ${nonce} does not fit 64 bits`);
  const instruction = decodeInstruction(encodeInstruction(of));
  return isRejection(instruction) ? instruction : { instruction, signature };
}

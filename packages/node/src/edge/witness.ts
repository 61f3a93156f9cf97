/** The part of a gateway that costs time: who signed each order. */
import { errorMessage, type Logger } from '@holdfast/host';
import { isFrame, type OrderItem, readClientFrame, unpackOrder } from '@holdfast/order';
import { getUint, type Hex, isRejection } from '@holdfast/units';
import { createStage } from '../gateway/stage.ts';
import { createVerifyPool } from '../verify/pool.ts';
import type { VerifySetup } from '../verify/verify.ts';
import { encodeVouched, up } from './wire.ts';

/** Orders that may wait; what comes then goes on as it is, and the sequencer says `Busy`. */
const ROOM_MAX = 16_384;
const BATCH_MAX = 64;

type Asked = { readonly packed: Uint8Array; readonly epoch: number };
type Job = Asked & { done(signer: Hex | undefined): void; fail(error: Error): void };

type Passed = { readonly kind: number; readonly payload: Uint8Array };

export type Witness = {
  /** What to pass on of a client's frame: orders with who signed them, all else as it came. */
  entryOf(frame: string | Uint8Array, flow: string): Promise<Passed>;
  /** Orders of this account are signed for that epoch unless they say another. */
  assume(account: number, epoch: number): void;
  close(): Promise<void>;
};

export type WitnessOptions = VerifySetup & { readonly threads: number; readonly logger: Logger };

/** A wallet's signature is judged by a contract, and nonsense is the sequencer's to refuse. */
const isPlain = ({ packed, contractSignature }: OrderItem): boolean =>
  contractSignature === undefined && !isRejection(unpackOrder(packed));

export function createWitness({ separator, verifier, threads, logger }: WitnessOptions): Witness {
  const pool = createVerifyPool({ separator, verifier, threads });
  const epochs = new Map<number, number>();

  async function serve(jobs: readonly Job[]): Promise<void> {
    try {
      const signers = await pool.signers(jobs as never);
      for (const [at, job] of jobs.entries()) job.done(signers[at]);
    } catch (error) {
      logger.error({ error: errorMessage(error) }, 'a verifier failed; the sequencer judges');
      for (const job of jobs) job.fail(error as Error);
    }
  }

  const batchesMax = 2 * Math.max(threads, 1);
  const shape = { batchMax: BATCH_MAX, batchesMax, roomMax: ROOM_MAX, mayServe: () => true };
  const stage = createStage<Job>({ serve, ...shape });

  const signerOf = (asked: Asked, flow: string): Promise<Hex | undefined> =>
    new Promise((done, fail) => {
      if (!stage.push(flow, flow, { ...asked, done, fail })) fail(new Error('no room'));
    });

  async function vouch(items: readonly OrderItem[], flow: string, isBinary: boolean) {
    const assumed = items.map(
      ({ epoch, packed }) => epoch ?? epochs.get(getUint(packed, 0, 4)) ?? 0,
    );
    const signers = await Promise.all(
      items.map(({ packed }, i) => signerOf({ packed, epoch: assumed[i] as number }, flow)),
    );
    return encodeVouched(items, assumed, signers, isBinary);
  }

  return {
    async entryOf(frame, flow) {
      const isText = typeof frame === 'string';
      const raw = isText
        ? { kind: up.text, payload: Buffer.from(frame) }
        : { kind: up.binary, payload: frame };
      const read = readClientFrame(frame);
      if (!isFrame(read) || read.op !== 'orders') return raw;
      const orders = read.orders as OrderItem[];
      if (!orders.every(isPlain)) return raw;
      const payload = await vouch(orders, flow, !isText).catch(() => undefined);
      return payload === undefined ? raw : { kind: up.orders, payload };
    },
    assume: (account, epoch) => void epochs.set(account, epoch),
    close: () => pool.close(),
  };
}

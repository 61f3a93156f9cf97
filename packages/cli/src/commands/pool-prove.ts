/** prove margin --to, prove solvency, without files: what the chain and the kept leaf say. */
import { resolve } from 'node:path';
import { iProofRegistryAbi } from '@holdfast/abi';
import { writeFileAtomic } from '@holdfast/host';
import { type MarginKind, marginKinds } from '@holdfast/proof';
import { EnvironmentError, type Hex, isRejection, stringifyPlain } from '@holdfast/units';
import { Refused, UsageError } from '../failure.ts';
import { pairs, type Result } from '../io.ts';
import { parseAddress, parseDuration } from '../parse.ts';
import type { Session } from '../session.ts';
import { keptOpening } from './pool-member.ts';
import { type PoolOptions, placeOf, poolOn, proverOf, secretOf } from './pool-place.ts';
import { proveOnce } from './pool-run.ts';

export type ToOptions = PoolOptions & {
  readonly to: string;
  readonly kind?: string;
  readonly threshold?: string;
  readonly nonce?: string;
  readonly requester?: string;
  readonly life?: string;
  readonly out: string;
};

function kindOf({ kind, threshold }: ToOptions): { kind: MarginKind; threshold: bigint } {
  const name = kind ?? (threshold === undefined ? 'initial' : 'threshold');
  if (!(marginKinds as readonly string[]).includes(name)) {
    throw new UsageError(`kind ${name} is none of ${marginKinds.join(', ')}`);
  }
  if ((name === 'threshold') !== (threshold !== undefined)) {
    throw new UsageError('--threshold belongs to --kind threshold, and to no other');
  }
  if (threshold !== undefined && !/^\d{1,37}$/.test(threshold)) {
    throw new UsageError(`threshold ${threshold} is no number of whole quote units`);
  }
  return { kind: name as MarginKind, threshold: BigInt(threshold ?? 0) };
}

function natural(text: string, what: string): bigint {
  if (/^(?:\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(text)) return BigInt(text);
  throw new UsageError(`${what} ${text} is no number`);
}

type KeptSnapshot = {
  readonly number: number;
  readonly chunkMembers: number;
  readonly context: readonly bigint[];
};

/** What the member keeps of the newest proven epoch, and its root as the chain has it. */
async function keptOf(s: Session, options: PoolOptions) {
  const place = placeOf(s, options);
  const { info, reader } = await poolOn(s, place);
  const owner = s.address();
  if (!owner) throw new EnvironmentError('KeyMissing', `there is no key "${s.keyName}"`);
  const registry = { address: info.registry, abi: iProofRegistryAbi } as const;
  const [proven] = await reader.readContract({ ...registry, functionName: 'provenLast' });
  if (proven === 0) throw new EnvironmentError('EpochMissing', 'no epoch is proven yet');
  const { opening, snapshot } = keptOpening(s, place.pool, owner, proven);
  const { chunkMembers, context } = snapshot as KeptSnapshot;
  const at = [proven, opening.chunk] as const;
  const chunkRoot = await reader.readContract({ ...registry, functionName: 'chunkRoot', args: at });
  const secret = await secretOf(s, place.pool, owner, false);
  const { salt, cash, sizes, siblings, place: turns } = opening;
  const held = { salt, cash, sizes, siblings, place: turns };
  const witness = { ...held, secret, owner: BigInt(owner) };
  return { place, info, proven, opening, snapshot, chunkMembers, context, chunkRoot, witness };
}

type Kept = Awaited<ReturnType<typeof keptOf>>;

/** What is asked of whom, until when. */
async function questionOf(s: Session, options: ToOptions, { info }: Kept) {
  const verifier = parseAddress(options.to);
  const requester = options.requester === undefined ? verifier : parseAddress(options.requester);
  const { clock } = await s.info();
  const expiry = BigInt(clock.now() + parseDuration(options.life ?? '30m'));
  const nonce = natural(options.nonce ?? '0', 'nonce');
  const question = {
    chainId: BigInt(info.chainId),
    verifier: BigInt(verifier),
    requester: BigInt(requester),
    nonce,
    expiry,
    ...kindOf(options),
  };
  return { verifier, requester, question };
}

/**
 * Proves to a verifier, of the newest proven epoch, with the leaf that `pool inclusion` kept. The
 * file has all that `verifyMargin` takes, and all that is checked in Node or a browser.
 */
export async function marginTo(s: Session, options: ToOptions): Promise<Result> {
  const [pools, proofs, node] = await Promise.all([
    import('@holdfast/pool'),
    import('@holdfast/proof'),
    import('@holdfast/proof/node'),
  ]);
  kindOf(options);
  const kept = await keptOf(s, options);
  const { place, info, proven, opening, snapshot, chunkMembers, context, chunkRoot } = kept;
  const { verifier, requester, question } = await questionOf(s, options, kept);
  const where = {
    chainId: BigInt(info.chainId),
    pool: BigInt(info.pool),
    epoch: opening.epoch,
    chunkIndex: opening.chunk,
    chunkRoot,
    context: pools.contextOf(context),
  };
  const plan = proofs.planMargin(info.marginId, where, question, kept.witness);
  if (isRejection(plan)) throw new Refused(plan);
  const prover = await proverOf(place, 'margin', chunkMembers);
  if (prover.key.circuitId !== info.marginId) {
    throw new EnvironmentError('KeyDiffers', 'these keys are not of the circuit in force');
  }
  const { proof, ms } = await node.prove(prover, plan);
  const words = proofs.proofWords(proof);
  const { nullifier } = plan.statement;
  const claim = {
    requester: requester as Hex,
    nonce: question.nonce,
    expiry: question.expiry,
    chunk: opening.chunk,
    kind: marginKinds.indexOf(question.kind),
    threshold: question.threshold,
    nullifier,
    vectorHash: plan.fingerprint.h,
    proof: words,
  };
  const file = {
    format: 'holdfast-margin-proof/1',
    circuitId: info.marginId,
    epoch: opening.epoch,
    chunkIndex: opening.chunk,
    chunkRoot,
    nullifier,
    h: plan.fingerprint.h,
    proof: words,
    registry: info.registry,
    verifier,
    question,
    snapshot,
    claim,
  };
  const out = resolve(s.io.cwd, options.out);
  await writeFileAtomic(out, `${stringifyPlain(file, 2)}\n`, 0o644);
  const { kind, threshold } = question;
  const said = kind === 'threshold' ? `equity ≥ ${threshold}` : `${kind} margin`;
  return {
    data: { out, nullifier, epoch: proven, ms },
    text: pairs([
      ['proved', `${said} to ${verifier}, of epoch ${proven}`],
      ['time', `${(ms / 1000).toFixed(1)} s`],
      ['file', out],
    ]),
  };
}

/** Opens the next epoch, proves it and puts it on chain; by the operator's process if one runs. */
export async function publish(s: Session, options: PoolOptions): Promise<Result> {
  return proveOnce(s, options);
}

/** What the chain says of the registry of committees, and of the treasury. */
import { committeesAbi, treasuryAbi } from '@holdfast/abi';
import { type Address, parseAbi } from 'viem';
import { type Ask, refused } from './ask.ts';

export type CommitteeFacts = {
  readonly id: number;
  readonly name: string;
  readonly threshold: number;
  readonly size: number;
  readonly generation: number;
  readonly isRevoked: boolean;
  readonly rotationAt: number;
  readonly replacementAt: number;
};

export type TokenFacts = {
  readonly address: Address;
  readonly small: bigint;
  readonly day: bigint;
  readonly held: bigint;
  /** Token units of one quote unit; undefined for a token that is not the collateral. */
  readonly scale?: bigint | undefined;
};

const committeeNames: Readonly<Record<number, string>> = {
  1: 'treasury',
  2: 'oracle',
  3: 'bridge',
};
async function committeeOf(ask: Ask, registry: Address, id: number): Promise<CommitteeFacts> {
  type Raw = { threshold: number; size: number; generation: number; isRevoked: boolean };
  const [raw, rotation, replacement] = await Promise.all([
    ask<Raw>(registry, committeesAbi, 'committee', id),
    ask<{ readyAt: number }>(registry, committeesAbi, 'pendingRotation', id),
    ask<{ readyAt: number }>(registry, committeesAbi, 'pendingReplacement', id),
  ]);
  const { threshold, size, generation, isRevoked } = raw;
  const name = committeeNames[id] ?? `committee ${id}`;
  const waits = {
    rotationAt: Number(rotation.readyAt),
    replacementAt: Number(replacement.readyAt),
  };
  return { id, name, threshold, size, generation, isRevoked, ...waits };
}

/** Delays of a registry, and its committees that have a key. */
export async function registryOf(ask: Ask, registry: Address) {
  const read = (name: string) => ask<bigint>(registry, committeesAbi, name);
  const [rotation, replacement] = await Promise.all([
    read('rotationDelaySeconds'),
    read('replacementDelaySeconds'),
  ]);
  const all = await Promise.all([1, 2, 3].map((id) => committeeOf(ask, registry, id)));
  return {
    address: registry,
    rotationDelaySeconds: Number(rotation),
    replacementDelaySeconds: Number(replacement),
    list: all.filter(({ generation }) => generation !== 0),
  };
}

/** Delays and limits of a treasury. */
export async function treasuryOf(ask: Ask, address: Address, collateral: Address, scale: bigint) {
  const read = (name: string, ...args: unknown[]) =>
    ask<unknown>(address, treasuryAbi, name, ...args);
  const tokens: TokenFacts[] = [];
  const tokensMax = Number(await read('TOKENS_MAX'));
  const balanceAbi = parseAbi(['function balanceOf(address) view returns (uint256)']);
  for (let i = 0; i < tokensMax; i++) {
    const token = (await read('tokens', BigInt(i)).catch(refused)) as Address | undefined;
    if (token === undefined) break;
    const [small, day] = (await read('limits', token)) as [bigint, bigint, number];
    const held = await ask<bigint>(token, balanceAbi, 'balanceOf', address);
    const isCollateral = token.toLowerCase() === collateral.toLowerCase();
    tokens.push({ address: token, small, day, held, scale: isCollateral ? scale : undefined });
  }
  const [small, large] = await Promise.all([read('smallDelaySeconds'), read('largeDelaySeconds')]);
  const delays = { smallDelaySeconds: Number(small), largeDelaySeconds: Number(large) };
  return { address, ...delays, tokens };
}

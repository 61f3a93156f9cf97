/** Keys and choices of a run, all from its seed. */
import { fromHex, type Hex, invariant, keccak256, toHex } from '@holdfast/units';
import { type LocalAccount, privateKeyToAccount } from 'viem/accounts';

const encoder = new TextEncoder();
const hashOf = (text: string): Hex => toHex(keccak256(encoder.encode(text)));

export interface Keys {
  account(name: string): LocalAccount;
  /** 32 bytes. */
  secret(name: string): Uint8Array;
}

/** Everybody's key by name; the same seed gives the same keys. */
export function createKeys(seed: string): Keys {
  const made = new Map<string, LocalAccount>();
  const secret = (name: string): Hex => hashOf(`holdfast range/${seed}/${name}`);
  return {
    account(name) {
      const known = made.get(name) ?? privateKeyToAccount(secret(name));
      made.set(name, known);
      return known;
    },
    secret: (name) => fromHex(secret(name)),
  };
}

/** Number `count` of the choices of a seed, 0 … below - 1. */
export function choice(seed: string, count: number, below: number): number {
  invariant(below > 0, 'a choice needs something to choose from');
  return Number(BigInt(hashOf(`${seed}/choice/${count}`)) % BigInt(below));
}

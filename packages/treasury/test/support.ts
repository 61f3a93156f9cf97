/** Instructions as tests write them. */
import { clearingHouseAbi } from '@holdfast/abi';
import type { Hex } from '@holdfast/units';
import { type Address, encodeFunctionData, erc20Abi } from 'viem';
import type { Call, Instruction } from '../src/index.ts';
import { house, now, payee, token, treasury, units } from './fixture.ts';

export function pay(to: Address = payee, whole = 50n): Call {
  const args = [to, whole * units] as const;
  return {
    target: token,
    data: encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args }),
  };
}

export function withdraw(to: Address = treasury, whole = 5n, report: Hex = '0x'): Call {
  const args = [7, whole * units, to, report] as const;
  const data = encodeFunctionData({ abi: clearingHouseAbi, functionName: 'withdraw', args });
  return { target: house, data };
}

export const instruction = (...calls: Call[]): Instruction => ({
  nonce: 4n,
  expiry: now + 3_000,
  calls: calls.length === 0 ? [pay()] : calls,
});

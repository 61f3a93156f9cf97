/** A view of a contract, of the first endpoint that answers. */
import { EnvironmentError, type Hex } from '@holdfast/units';
import { type Abi, decodeFunctionResult, encodeFunctionData } from 'viem';
import type { Endpoint } from './endpoint.ts';

export interface View {
  readonly to: Hex;
  readonly abi: unknown;
  readonly functionName: string;
  readonly args?: readonly unknown[];
}

/** @throws EnvironmentError of the last endpoint, or NoEndpoint */
export async function call<T>(
  endpoints: readonly Endpoint[],
  { to, abi, functionName, args = [] }: View,
  block: 'latest' | Hex = 'latest',
): Promise<T> {
  const data = encodeFunctionData({ abi: abi as Abi, functionName, args });
  let problem: unknown = new EnvironmentError('NoEndpoint', 'no endpoint is left', { retry: true });
  for (const each of endpoints) {
    try {
      const answer = (await each.call('eth_call', [{ to, data }, block])) as Hex;
      return decodeFunctionResult({ abi: abi as Abi, functionName, data: answer }) as T;
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

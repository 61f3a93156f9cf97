import { fetchJson } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';

/** One JSON-RPC call. */
export type Rpc = (method: string, params?: readonly unknown[]) => Promise<unknown>;

/**
 * A bare JSON-RPC caller, for the development methods that viem has no names for.
 *
 * @throws (from the calls) EnvironmentError Unreachable or RpcRefused
 */
export function createRpc(url: string, timeoutMs = 30_000): Rpc {
  let id = 0;
  return async (method, params = []) => {
    id += 1;
    const reply = await fetchJson(url, { body: { jsonrpc: '2.0', id, method, params }, timeoutMs });
    const body = reply.body as { result?: unknown; error?: { message?: string } };
    if (body?.error !== undefined || reply.status !== 200) {
      const message = `${method}: ${body?.error?.message ?? `HTTP ${reply.status}`}`;
      throw new EnvironmentError('RpcRefused', message, { retry: false });
    }
    return body?.result;
  };
}

/** Head of the chain. */
export async function readHead(rpc: Rpc): Promise<{ number: number; timestamp: number }> {
  const block = (await rpc('eth_getBlockByNumber', ['latest', false])) as {
    number: string;
    timestamp: string;
  };
  return { number: Number(block.number), timestamp: Number(block.timestamp) };
}

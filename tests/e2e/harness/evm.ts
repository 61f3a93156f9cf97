/** A bare EVM: anvil without a venue, for calls of pure code in large batches. */
import { findFreePort } from '@holdfast/host';
import type { Hex } from 'viem';
import { spawnBareAnvil } from '../../../tools/anvil.ts';
import { until } from './until.ts';

const sender = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
/** Gas of one call. */
const gas = '0x3b9aca00';

export type Evm = {
  /** Deploys creation code; its address. */
  deploy(code: Hex): Promise<Hex>;
  call(to: Hex, data: Hex): Promise<Hex>;
  /** Code at an address. */
  code(at: Hex): Promise<Hex>;
  stop(): Promise<void>;
};

/** Starts one. @throws Error from a call that reverts, with the node's message */
export async function startEvm(): Promise<Evm> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  // A thousand long records are more than a request may have otherwise.
  const sizes = ['--gas-limit', '1000000000', '--no-request-size-limit'];
  const args = ['--port', `${port}`, '--silent', ...sizes];
  const chain = spawnBareAnvil(args);
  async function rpc(method: string, params: unknown[]): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body });
    const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }
  await until('the chain answers', 20_000, () => rpc('eth_chainId', []));
  async function deployNow(code: Hex): Promise<Hex> {
    const hash = await rpc('eth_sendTransaction', [{ from: sender, data: code, gas }]);
    const receipt = await until('the code is deployed', 20_000, () =>
      rpc('eth_getTransactionReceipt', [hash]).then((found) => found ?? undefined),
    );
    return (receipt as { contractAddress: Hex }).contractAddress;
  }
  // One after another: two at once would be given the same nonce.
  let last: Promise<unknown> = Promise.resolve();
  return {
    deploy(code) {
      const deployed = last.then(() => deployNow(code));
      last = deployed.catch(() => undefined);
      return deployed;
    },
    call: (to, data) =>
      rpc('eth_call', [{ from: sender, to, data, gas }, 'latest']) as Promise<Hex>,
    code: (at) => rpc('eth_getCode', [at, 'latest']) as Promise<Hex>,
    async stop() {
      const gone = new Promise((done) => chain.once('exit', done));
      chain.kill('SIGKILL');
      await gone;
    },
  };
}

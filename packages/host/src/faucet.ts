import { EnvironmentError } from '@holdfast/units';
import { type Address, type Hash, parseAbi, parseEther } from 'viem';
import { type ChainAccess, type ChainWriter, createChainReader } from './clients.ts';
import { errorMessage } from './files.ts';

const mintAbi = parseAbi(['function mint(address to, uint256 amount)']);

/** Free gas and free test collateral: only where the chain and the token allow it. */
export interface Faucet {
  /** Raises the native balance of an address to at least `wei` (10 ether unless told). */
  gas(address: Address, wei?: bigint): Promise<void>;
  /** Mints test collateral (token units) to an address, paid by `writer`. */
  tokens(writer: ChainWriter, to: Address, amount: bigint): Promise<Hash>;
}

/**
 * Assumes a development chain for `gas` and the venue's TestToken for `tokens`.
 *
 * @throws EnvironmentError FaucetUnavailable on a chain that gives nothing away
 */
export function createFaucet(access: ChainAccess, token: Address): Faucet {
  const reader = createChainReader(access);
  return {
    async gas(address, wei = parseEther('10')) {
      if ((await reader.getBalance({ address })) >= wei) return;
      try {
        await reader.request({
          method: 'anvil_setBalance' as never,
          params: [address, `0x${wei.toString(16)}`] as never,
        });
      } catch (error) {
        const message = `this chain gives no gas away (${errorMessage(error)}); fund ${address}`;
        throw new EnvironmentError('FaucetUnavailable', message, { retry: false, cause: error });
      }
    },
    async tokens(writer, to, amount) {
      const call = { address: token, abi: mintAbi, functionName: 'mint', args: [to, amount] };
      return writer.writeContract(call as never);
    },
  };
}

/** One RPC endpoint: calls with a deadline, and what became known of it. */
import { errorMessage } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { http } from 'viem';

/** Why an endpoint is left out. `lied` is proven and final, the others pass. */
export type Fault = 'lied' | 'differs' | 'stalled' | 'failed';

/** How an endpoint stands, for people and metrics; never its address, which may hold a secret. */
export interface Standing {
  readonly name: string;
  readonly trusted: boolean;
  readonly fault?: Fault;
  readonly why?: string;
  /** Last block that it agreed on. */
  readonly block: number;
  /** Times that it was found wrong or silent. */
  readonly faults: number;
}

export interface Endpoint {
  readonly name: string;
  readonly url: string;
  /** @throws EnvironmentError EndpointFailed (transport) or EndpointRefused (it said no) */
  call(method: string, params: readonly unknown[], timeoutMs?: number): Promise<unknown>;
  blame(fault: Fault, why: string): void;
  /** It agreed on a block: faults that pass are over. */
  absolve(block: number): void;
  readonly isBanned: () => boolean;
  readonly standing: () => Standing;
}

/** Name of an endpoint for logs: its host, and its place in the list. */
export function nameOf(url: string, place: number): string {
  try {
    return `${place + 1}:${new URL(url).host}`;
  } catch {
    throw new EnvironmentError('EndpointWrong', `endpoint ${place + 1} is not a URL`);
  }
}

const timeoutDefaultMs = 5_000;
const batchSize = 400;

/** @param note called whenever its standing changes for the worse */
export function createEndpoint(
  url: string,
  place: number,
  note: (name: string, fault: Fault, why: string) => void,
): Endpoint {
  const name = nameOf(url, place);
  const batch = { batchSize, wait: 0 };
  const transport = http(url, { batch, retryCount: 0, timeout: 30_000 })({});
  const scrub = (text: string): string => text.replaceAll(url, name).split('\n')[0] as string;
  let fault: Fault | undefined;
  let why = '';
  let block = -1;
  let faults = 0;

  async function call(method: string, params: readonly unknown[], timeoutMs = timeoutDefaultMs) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const text = `${name}: no answer to ${method} in ${timeoutMs} ms`;
      const error = new EnvironmentError('EndpointFailed', text, { retry: true });
      timer = setTimeout(() => reject(error), timeoutMs);
    });
    try {
      return await Promise.race([transport.request({ method, params } as never), late]);
    } catch (error) {
      if (error instanceof EnvironmentError) throw error;
      const code = (error as { code?: unknown }).code;
      const kind = typeof code === 'number' ? 'EndpointRefused' : 'EndpointFailed';
      const details = (error as { details?: string }).details ?? errorMessage(error);
      const text = `${name}: ${method}: ${scrub(details)}`;
      throw new EnvironmentError(kind, text, { retry: true });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    name,
    url,
    call,
    blame(next, reason) {
      if (fault === 'lied') return;
      if (fault !== next) note(name, next, scrub(reason));
      [fault, why] = [next, scrub(reason)];
      faults += 1;
    },
    absolve(at) {
      block = Math.max(block, at);
      if (fault !== 'lied') fault = undefined;
    },
    isBanned: () => fault === 'lied',
    standing: () => {
      const known = fault === undefined ? {} : { fault, why };
      return { name, trusted: fault === undefined, ...known, block, faults };
    },
  };
}

/** Names what the contracts said, from whatever the chain client threw. */
import { clearingHouseAbi, errorsAbi } from '@holdfast/abi';
import { type Hex, type Rejection, reject } from '@holdfast/units';
import { type Abi, BaseError, decodeErrorResult } from 'viem';

const everyError = [...clearingHouseAbi, ...errorsAbi] as Abi;

/** Errors of the token, by the names that this project uses. */
const renamed: Readonly<Record<string, string>> = {
  ERC20InsufficientBalance: 'BalanceShort',
  ERC20InsufficientAllowance: 'AllowanceShort',
};

/** The contracts' refusal, or undefined when they were not asked. */
export function revertOf(error: unknown): Rejection | undefined {
  if (!(error instanceof BaseError)) return undefined;
  const found = error.walk((each) => dataOf(each) !== undefined);
  const data = found === null ? undefined : dataOf(found);
  if (data !== undefined) return decodeRevert(data);
  const isRevert = error.walk((each) => /revert/i.test((each as Error).name)) !== null;
  return isRevert ? reject('Reverted', error.shortMessage) : undefined;
}

/** A rejection from the bytes of a revert: the custom error's name is its code. */
export function decodeRevert(data: Hex): Rejection {
  try {
    const { errorName, args } = decodeErrorResult({ abi: everyError, data });
    return named(errorName, (args ?? []) as readonly unknown[]);
  } catch {
    return reject('Reverted', `the contract reverted with ${data}`);
  }
}

function dataOf(error: unknown): Hex | undefined {
  const { data, raw } = error as { data?: unknown; raw?: unknown };
  for (const each of [raw, data, (data as { data?: unknown } | undefined)?.data]) {
    if (typeof each === 'string' && /^0x[0-9a-f]{8}/i.test(each)) return each as Hex;
  }
  return undefined;
}

type ErrorItem = { type: string; name?: string; inputs?: readonly { name?: string }[] };

function named(errorName: string, args: readonly unknown[]): Rejection {
  const item = (everyError as readonly ErrorItem[]).find(
    (each) => each.type === 'error' && each.name === errorName,
  );
  const entries = args.map((arg, i) => [item?.inputs?.[i]?.name || `${i}`, String(arg)] as const);
  const shown = entries.map(([name, value]) => `${name} ${value}`).join(', ');
  const message = `the contract refused${shown ? `: ${shown}` : ''}`;
  return reject(renamed[errorName] ?? errorName, message, Object.fromEntries(entries));
}

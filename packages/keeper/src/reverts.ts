import { errorMessage } from '@holdfast/host';
import { BaseError, ContractFunctionRevertedError } from 'viem';

/** The reason of a revert: the custom error's name, or the message. */
export function revertName(error: unknown): string {
  if (!(error instanceof BaseError)) return errorMessage(error);
  const cause = error.walk((each) => each instanceof ContractFunctionRevertedError);
  const name = cause instanceof ContractFunctionRevertedError ? cause.data?.errorName : undefined;
  return name ?? error.shortMessage;
}

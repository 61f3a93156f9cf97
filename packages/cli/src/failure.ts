/** How a command fails: code, message and cure on standard error, and an exit code. */
import { errorMessage, toJson } from '@holdfast/host';
import { cureOf } from '@holdfast/sdk';
import { EnvironmentError, type Rejection } from '@holdfast/units';
import type { Io } from './io.ts';

/** 0 done, 1 refused by the venue, 2 called wrongly, 3 something around failed. */
export const exitCodes = { done: 0, rejected: 1, usage: 2, environment: 3 } as const;

/** Carries a refusal up to the command line, where it is printed. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly rejection: Rejection;
  constructor(rejection: Rejection) {
    super(rejection.message);
    this.rejection = rejection;
  }
}

/** The command was called wrongly. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const cures: Readonly<Record<string, string>> = {
  AccountMissing: 'holdfast account open',
  CeremonyMissing: 'holdfast ceremony begin, or give --dir',
  ChainFailed: 'check that the chain runs, and --rpc',
  FaucetUnavailable: 'get the native currency of the chain elsewhere',
  FileMissing: 'start a venue with npm start, or point --venue at its folder',
  FolderTaken: 'give another folder',
  GatewayTimeout: 'holdfast order list, then try again',
  KeyExists: 'choose another name, or use the key that is there',
  KeyDiffers: 'take the keys of one ceremony, made of the circuits as these sources have them',
  KeyIsDevelopment: 'take the keys of a ceremony: docs/PROOFS.md',
  KeyNotProduction: 'holdfast ceremony verify; docs/PROOFS.md',
  KeyMissing: 'holdfast key create',
  MemoryExceeded: 'give --memory more, or --jobs fewer',
  PartyDown: 'holdfast quorum party --dir DIR',
  PartyMissing: 'holdfast quorum party --invitation FILE --dir DIR',
  PolicyMissing: 'holdfast treasury init --dir DIR --rpc URL',
  PolicyMalformed: 'edit the file; docs/TREASURY.md tells each field',
  PowerWidened: 'find out who changed it and why; then holdfast trust --accept',
  GovernanceMissing: 'the governor is a key: use holdfast govern; docs/GOVERNANCE.md founds votes',
  ListingRefused: 'change the market or its sources; docs/GOVERNANCE.md tells each check',
  ProposalUnknown: 'holdfast governance status',
  TrustBroken: 'read each line; docs/TRUST.md says what they mean',
  TreasuryMissing: 'npm start -- --fresh makes a venue with one',
  ScenarioUnknown: 'holdfast range --list',
  AblationUnknown: 'holdfast range --help',
  MutantUnknown: 'holdfast range --help',
  RoleUnknown: 'holdfast range --help',
  StoryUnreadable: 'give a file that holdfast range --adversary --out wrote',
  SocketDown: 'start the node, or run this on its machine with --venue',
  PassphraseMissing: 'give --passphrase-file, or run in a terminal',
  PassphraseWrong: 'try again; nothing can open the key without its passphrase',
  RangeFailed: 'holdfast range NAME --seed SEED --html FILE shows each step; docs/RANGE.md',
  ReceiptWrong: 'keep what was printed: the node answers differently than it signs',
  RpcMissing: 'give --rpc',
  Unreachable: 'start the venue with npm start; money can still be moved with --rpc',
  BatchUnread: 'run the version of Holdfast that the venue settles with',
  BookDiffers: 'run the newest version; if it stays, report this with the block',
  JournalMalformed: 'restore the operator’s folder from its copy',
  KeysMissing: 'holdfast ceremony, or give the folder with --keys',
  NotOperator: 'use the key that made the pool',
  OpeningMissing: 'holdfast pool exit makes it of the chain and your own record, if it can',
  OperatorBroken: 'check --operator; after that, holdfast pool inclusion asks the chain alone',
  OperatorGone: 'try later; for long: holdfast pool lapse, recall and exit need no operator',
  OperatorMissing: 'holdfast pool join --pool ADDRESS --operator URL keeps it',
  PoolUnknown: 'check the address, and that --venue is the venue of the pool',
  RecordMalformed: 'restore the file from its copy',
  SecretMissing: 'use the machine and the key with which you joined, or a copy of its secret',
  SeedMalformed: 'restore the operator’s folder from its copy',
  VenueUnknown: 'start a venue with npm start, or give --venue DIR or --url URL',
};

type Failure = {
  readonly exit: number;
  readonly code: string;
  readonly message: string;
  readonly cure: string | undefined;
  readonly data?: unknown;
};

/** What went wrong, as one shape. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refused) {
    const { code, message, data } = error.rejection;
    return { exit: exitCodes.rejected, code, message, cure: cures[code] ?? cureOf(code), data };
  }
  if (error instanceof UsageError) {
    const cure = 'run the command with --help';
    return { exit: exitCodes.usage, code: 'Usage', message: error.message, cure };
  }
  if (error instanceof EnvironmentError) {
    const { code, message } = error;
    return { exit: exitCodes.environment, code, message, cure: cures[code] ?? cureOf(code) };
  }
  const message = errorMessage(error);
  return { exit: exitCodes.environment, code: 'Internal', message, cure: 'report this' };
}

/** Prints a failure and gives its exit code. */
export function printFailure(io: Io, error: unknown, json: boolean): number {
  const { exit, ...failure } = failureOf(error);
  if (json) {
    io.err(`${toJson({ error: failure })}\n`);
    return exit;
  }
  io.err(`${failure.code}: ${failure.message}\n`);
  if (failure.cure !== undefined) io.err(`  cure: ${failure.cure}\n`);
  return exit;
}

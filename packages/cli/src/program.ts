/** The command tree and how a run of it ends. */
import { Command, CommanderError } from 'commander';
import { auctionCommands } from './commands/auction.ts';
import { breakerCommands } from './commands/breaker.ts';
import { ceremonyCommands } from './commands/ceremony.ts';
import { committeeCommands } from './commands/committee.ts';
import { custodyCommands } from './commands/custody.ts';
import { exitCommand } from './commands/exit.ts';
import { governCommands } from './commands/govern.ts';
import { governanceCommands } from './commands/governance.ts';
import { sessionCommands } from './commands/grant.ts';
import { insuranceCommands } from './commands/insurance.ts';
import { keyCommands } from './commands/key.ts';
import { listingCommands } from './commands/listing.ts';
import { moneyCommands } from './commands/money.ts';
import { orderCommands } from './commands/order.ts';
import { poolCommands } from './commands/pool.ts';
import { proveCommands } from './commands/prove.ts';
import { quorumCommands } from './commands/quorum.ts';
import { rangeCommand } from './commands/range.ts';
import { relayCommands } from './commands/relay.ts';
import { sentinelCommands } from './commands/sentinel.ts';
import type { Perform } from './commands/shared.ts';
import { stewardCommands } from './commands/steward.ts';
import { treasuryCommands } from './commands/treasury.ts';
import { trustCommand } from './commands/trust.ts';
import { viewCommands } from './commands/view.ts';
import { watchCommand } from './commands/watch.ts';
import { exitCodes, printFailure } from './failure.ts';
import { type Io, print } from './io.ts';
import { createSession, type Globals } from './session.ts';

const start = `
A first trade on a venue that runs (npm start):
  $ holdfast key create
  $ holdfast faucet
  $ holdfast deposit 1000
  $ holdfast order place BTC-USD buy 0.01 --price 100000
  $ holdfast positions

Exit codes: 0 done, 1 refused by the venue, 2 called wrongly, 3 something around failed.
`;

/** Every command, bound to `perform`. */
export function createProgram(perform: Perform): Command {
  const program = new Command('holdfast')
    .description('Trade on a Holdfast venue from the command line')
    .addHelpText('after', start);
  program.addCommand(keyCommands(perform));
  for (const command of moneyCommands(perform)) program.addCommand(command);
  for (const command of custodyCommands(perform)) program.addCommand(command);
  for (const command of relayCommands(perform)) program.addCommand(command);
  program.addCommand(orderCommands(perform));
  program.addCommand(poolCommands(perform));
  for (const command of viewCommands(perform)) program.addCommand(command);
  for (const command of insuranceCommands(perform)) program.addCommand(command);
  program.addCommand(watchCommand(perform));
  program.addCommand(sessionCommands(perform));
  program.addCommand(governCommands(perform));
  program.addCommand(breakerCommands(perform));
  program.addCommand(auctionCommands(perform));
  program.addCommand(governanceCommands(perform));
  program.addCommand(listingCommands(perform));
  program.addCommand(exitCommand(perform));
  program.addCommand(quorumCommands(perform));
  program.addCommand(committeeCommands(perform));
  program.addCommand(ceremonyCommands(perform));
  program.addCommand(proveCommands(perform));
  program.addCommand(treasuryCommands(perform));
  program.addCommand(stewardCommands(perform));
  program.addCommand(sentinelCommands(perform));
  program.addCommand(trustCommand(perform));
  program.addCommand(rangeCommand(perform));
  return program;
}

/** Sends what commander prints, and its errors, through `io`. */
function route(command: Command, io: Io): void {
  command.exitOverride();
  command.configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
  for (const each of command.commands) route(each, io);
}

/**
 * Runs one command line.
 * @param argv arguments after the program's name.
 * @returns the exit code, see `exitCodes`.
 */
export async function runWith(argv: readonly string[], io: Io): Promise<number> {
  let isJson = argv.includes('--json');
  const perform: Perform = async (globals: Globals, body) => {
    isJson = globals.json === true;
    const session = createSession(io, globals);
    try {
      const result = await body(session);
      if (result) print(io, result, isJson);
    } finally {
      session.close();
    }
  };
  const program = createProgram(perform);
  route(program, io);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof CommanderError)) return printFailure(io, error, isJson);
    // Help was asked for, or commander has said what is wrong already.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
}

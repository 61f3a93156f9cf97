/** What `status` shows of the treasury, from the chain alone. */
import { errorMessage, loadVenue } from '@holdfast/host';
import { type TreasuryStatus, treasuryStatus } from '@holdfast/treasury';
import { formatDecimal } from '@holdfast/units';
import { findVenueDir, type Session } from '../session.ts';
import { deskOf } from './treasury.ts';

export type TreasuryView = { readonly data: object; readonly lines: [string, string][] };

function show({
  committee,
  tokens,
  waiting,
  smallDelaySeconds,
  largeDelaySeconds,
}: TreasuryStatus) {
  const { threshold, size, generation, key } = committee;
  const held = tokens.map((each) => `${formatDecimal(each.held, each.decimals)} ${each.symbol}`);
  const states = waiting.map(({ nonce, state }) => `${nonce} ${state}`);
  const lines: [string, string][] = [
    ['treasury', `committee, ${threshold} of ${size}, generation ${generation}`],
    ['treasury key', key ?? 'none in force: revoked'],
    ['treasury holds', held.join(', ') || 'no token with a limit'],
    ['its delays', `short ${smallDelaySeconds} s, long ${largeDelaySeconds} s`],
    ['instructions', states.join(', ') || 'none waits'],
  ];
  return lines;
}

/** Undefined without a venue file that names a treasury. */
export async function treasuryView(s: Session): Promise<TreasuryView | undefined> {
  const { globals, io } = s;
  const dir = globals.url === undefined ? findVenueDir(globals, io.cwd) : undefined;
  if (dir === undefined || loadVenue(dir).treasury === undefined) return undefined;
  try {
    const { reader, book, fromBlock } = deskOf({ dir, globals });
    const of = await treasuryStatus(reader, book, fromBlock);
    return { data: of, lines: show(of) };
  } catch (error) {
    const problem = errorMessage(error).split('\n')[0] as string;
    return { data: { problem }, lines: [['treasury', `the chain does not answer: ${problem}`]] };
  }
}

/** Commands that must fail, what they exit with and what they say. */
export type Wrong = { args: string[]; exit: number; says: RegExp };

/** Ways to go wrong while everything runs. Exit codes: 1 refused, 2 called wrongly, 3 around it. */
export function wrongInputs(rich: string[], poor: string[], victim: string[]): Wrong[] {
  const place = ['order', 'place'];
  const at = ['--price', '100000', ...rich];
  const huge = '9'.repeat(40);
  return [
    { args: [...place, 'PEPE-USD', 'buy', '1', ...at], exit: 1, says: /MarketUnknown.*BTC-USD/s },
    { args: [...place, 'BTC-USD', 'buy', '0.0015', ...at], exit: 1, says: /0\.001/ },
    {
      args: [...place, 'BTC-USD', 'buy', '0.01', '--price', '100000.05', ...rich],
      exit: 1,
      says: /0\.1/,
    },
    { args: [...place, 'BTC-USD', 'buy', huge, ...at], exit: 1, says: /OutOfRange|Malformed/ },
    {
      args: [...place, 'BTC-USD', 'buy', '1', '--price', huge, ...rich],
      exit: 1,
      says: /OutOfRange|Malformed/,
    },
    { args: [...place, 'BTC-USD', 'buy', '-1', ...at], exit: 1, says: /SizeOutOfRange/ },
    { args: [...place, 'BTC-USD', 'buy', 'NaN', ...at], exit: 1, says: /NaN/ },
    { args: [...place, 'BTC-USD', 'hold', '1', ...at], exit: 2, says: /buy nor sell/ },
    { args: [...place, 'BTC-USD', 'buy', '1'.repeat(5), ...rich], exit: 1, says: /MarginShort/ },
    { args: [...place, 'BTC-USD', 'buy'], exit: 2, says: /missing required argument/ },
    { args: [...place, 'BTC-USD', 'buy', '1', ...victim], exit: 3, says: /SignatureWrong|owner/ },
    { args: ['deposit', huge, ...rich], exit: 1, says: /BalanceShort/ },
    { args: ['deposit', '0', ...rich], exit: 1, says: /AmountNotWhole/ },
    { args: ['deposit', '0.0000001', ...rich], exit: 1, says: /0\.0000001/ },
    { args: ['withdraw', '501', ...rich], exit: 1, says: /MarginShort/ },
    { args: ['withdraw', huge, ...rich], exit: 1, says: /AmountNotWhole|MarginShort/ },
    { args: ['withdraw', '1', ...victim], exit: 1, says: /NotOwner/ },
    { args: ['transfer', '1', '--to-account', '2', ...rich], exit: 1, says: /OwnersDiffer/ },
    { args: ['transfer', '1', '--to-account', 'x', ...rich], exit: 2, says: /whole number/ },
    { args: ['withdrawals', '--reclaim', '99999', ...rich], exit: 1, says: /WithdrawalUnknown/ },
    { args: ['govern', 'veto', '6', ...rich], exit: 1, says: /NotGuardian/ },
    { args: ['order', 'cancel', '77', ...rich], exit: 1, says: /OrderUnknown/ },
    { args: ['order', 'cancel', '99999', ...rich], exit: 2, says: /65534/ },
    { args: ['deposit', '1', '--key', 'nobody'], exit: 3, says: /KeyMissing/ },
    { args: ['deposit', '5', ...poor], exit: 1, says: /BalanceShort/ },
    { args: ['fly', 'to', 'the', 'moon'], exit: 2, says: /unknown command/ },
  ];
}

/** How a wallet shows each field of each typed message; what it does not show, and why not. */

/** A field that is shown, in a format of ERC-7730. */
type Shown = {
  readonly label: string;
  readonly format: 'raw' | 'addressName' | 'date' | 'unit' | 'enum';
  readonly params?: Readonly<Record<string, unknown>>;
};
/** A field that is not shown, with the reason. */
type Excluded = { readonly excluded: string };
export type Label = Shown | Excluded;

export type Message = {
  /** What signing means, at most a line. */
  readonly intent: string;
  /** EIP-712 domain in which it is signed. */
  readonly domain: string;
  readonly fields: Readonly<Record<string, Label>>;
};

export const isShown = (label: Label): label is Shown => 'label' in label;

const raw = (label: string): Shown => ({ label, format: 'raw' });
const date = (label: string): Shown => {
  return { label, format: 'date', params: { encoding: 'timestamp' } };
};
const unit = (label: string, base: string, decimals = 0): Shown => {
  return { label, format: 'unit', params: { base, decimals, prefix: false } };
};
/** Parts per million as a percentage. */
const percent = (label: string): Shown => unit(label, '%', 4);
const choice = (label: string, name: string): Shown => {
  return { label, format: 'enum', params: { $ref: `$.metadata.enums.${name}` } };
};
const because = (excluded: string): Excluded => ({ excluded });

/** Texts of numbers that stand for a word. */
export const enums = {
  timeInForce: { '0': 'Good till cancelled', '1': 'Immediate or cancel', '2': 'Fill or kill' },
  conditionalKind: { '0': 'Stop-loss', '1': 'Take-profit', '2': 'Trailing stop' },
} as const;

const epoch = because('a counter of the account itself: any other value makes the message dead');
const venue = 'Holdfast';

const committees = 'Holdfast Committees';
const keyFacts: Message['fields'] = {
  committee: raw('Committee (1 treasury, 2 oracle, 3 bridge)'),
  generation: raw('Generation of the new key'),
  x: raw('New key, first coordinate'),
  isOdd: raw('New key, second coordinate is odd'),
  threshold: raw('Parties that sign together'),
  size: raw('Parties of the committee'),
  roster: raw('Hash of who they are'),
};

const pool = 'Holdfast Pool';
const who = (label: string): Shown => ({
  label,
  format: 'addressName',
  params: { type: 'eoa', sources: ['local', 'ens'] },
});

export const messages: Readonly<Record<string, Message>> = {
  Admission: {
    intent: 'Let a member join the pool',
    domain: pool,
    fields: {
      member: who('Member'),
      key: raw('Key of the member'),
    },
  },
  Payout: {
    intent: 'Be paid out of the pool',
    domain: pool,
    fields: {
      member: who('Member'),
      amount: raw('Amount, in units of the token'),
      to: who('Recipient'),
      nonce: raw('One-time number'),
      expiry: date('Good until'),
    },
  },
  Order: {
    intent: 'Place an order for perpetual futures',
    domain: venue,
    fields: {
      account: raw('Account'),
      market: raw('Market number'),
      isBuy: raw('Buy (false: sell)'),
      size: unit('Size', 'lots'),
      price: unit('Limit price', 'ticks'),
      timeInForce: choice('Time in force', 'timeInForce'),
      reduceOnly: raw('Only reduces the position'),
      postOnly: raw('Only rests in the book'),
      expiry: date('Valid until'),
      lane: raw('Lane (replaces the order there)'),
      seq: because('orders the messages of one lane: a wrong value can only refuse the order'),
      epoch,
    },
  },
  Conditional: {
    intent: 'Let any keeper trade for you when the price gets there',
    domain: venue,
    fields: {
      account: raw('Account'),
      market: raw('Market number'),
      isBuy: raw('Buy (false: sell)'),
      size: unit('Size', 'lots'),
      kind: choice('Kind', 'conditionalKind'),
      triggerPrice: unit('Trigger price', 'ticks'),
      trailPpm: percent('Trailing distance'),
      limitPrice: unit('Worst price', 'ticks'),
      rewardPpm: percent('Largest reward of the keeper'),
      reduceOnly: raw('Only reduces the position'),
      since: date('Looks at prices from'),
      expiry: date('Valid until'),
      nonce: raw('One-time number (same number: one cancels the other)'),
      epoch,
    },
  },
  Withdrawal: {
    intent: 'Withdraw collateral',
    domain: venue,
    fields: {
      account: raw('Account'),
      amount: raw('Amount (token units)'),
      to: {
        label: 'Receiver',
        format: 'addressName',
        params: { type: 'eoa', sources: ['local', 'ens'] },
      },
      nonce: because('a one-time number: a wrong value can only refuse the withdrawal'),
      expiry: date('Valid until'),
      fee: raw('Fee for the sender (token units)'),
    },
  },
  Forget: {
    intent: 'Ask a node to forget a conditional order',
    domain: venue,
    fields: {
      account: raw('Account'),
      order: raw('Hash of the order'),
      expiry: date('Valid until'),
    },
  },
  Login: {
    intent: 'Log in to the order gateway',
    domain: venue,
    fields: {
      account: raw('Account'),
      expiry: date('Valid until'),
      nonce: because('random bytes of the node, which make each login another'),
    },
  },
  Receipts: {
    intent: 'Acknowledge requests (signed by a node, not by people)',
    domain: venue,
    fields: {
      first: raw('Place of the first receipt'),
      leaves: raw('Hash of the receipts'),
      head: raw('Head of the chain after them'),
    },
  },
  Observation: {
    intent: 'Report prices (signed by a reporter, not by people)',
    domain: 'Holdfast Oracle',
    fields: {
      round: raw('Round'),
      time: date('Observed at'),
      markets: raw('Markets, one byte each'),
      values: raw('Price and rate of each'),
    },
  },
  Report: {
    intent: 'Report medians (signed by a committee, not by people)',
    domain: 'Holdfast Reports',
    fields: {
      round: raw('Round'),
      time: date('Observed at'),
      quotes: raw('Market, prices and rate of each'),
    },
  },
  Instruction: {
    intent: 'Have the treasury make calls',
    domain: 'Holdfast Treasury',
    fields: {
      nonce: raw('Number of the instruction'),
      expiry: date('To be brought until'),
      targets: raw('Whom it calls'),
      data: raw('With what'),
    },
  },
  ProofOfLife: {
    intent: 'Show that a committee holds a new key',
    domain: committees,
    fields: keyFacts,
  },
  Rotation: {
    intent: 'Hand a committee over to a new key',
    domain: committees,
    fields: {
      ...keyFacts,
      number: raw('Number of the proposal'),
      expiry: date('To be proposed until'),
    },
  },
};

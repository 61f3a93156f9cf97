/** Observations and reports. */
import type { Hex, MarketId, PpmPerDay, Round, Seconds, Ticks } from '@holdfast/units';

/** What a reporter says of one market. */
export type MarketValue = {
  /** Index price. */
  readonly price: Ticks;
  /** Mark price. */
  readonly mark: Ticks;
  /** Funding rate, ppm per day, positive when longs pay. */
  readonly rate: PpmPerDay;
};

/** A market's value with its id. */
export type MarketQuote = MarketValue & { readonly market: MarketId };

/** One reporter's view at one time. Markets strictly ascending. */
export type Observation = {
  readonly round: Round;
  readonly time: Seconds;
  readonly quotes: readonly MarketQuote[];
};

export type SignedObservation = Observation & {
  /** Address of the reporter. */
  readonly signer: Hex;
  /** 64 bytes EIP-2098. */
  readonly signature: Uint8Array;
};

/** One observation inside a report: values in the order of the report's markets. */
export type ReportPart = {
  readonly values: readonly MarketValue[];
  readonly signature: Uint8Array;
};

/** A report: medians and the signed observations that prove them. */
export type DecodedReport = {
  readonly round: Round;
  readonly time: Seconds;
  /** Lower medians, markets strictly ascending. */
  readonly quotes: readonly MarketQuote[];
  /** Signers strictly ascending by address. */
  readonly observations: readonly ReportPart[];
};

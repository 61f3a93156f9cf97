/**
 * Rejection codes that travel in binary frames as their place in this list. The list only ever
 * grows at its end: a place, once given, keeps its meaning. Names equal the contracts' custom
 * errors where both exist.
 */
export const rejectionCodes = [
  '',
  'Malformed',
  'SignatureWrong',
  'LoginRequired',
  'LoginExpired',
  'NotAuthorized',
  'RateLimited',
  'AccountUnknown',
  'MarketUnknown',
  'OrderUnknown',
  'OrderExpired',
  'ExpiryOutOfRange',
  'ExpiryTooSoon',
  'SizeOutOfRange',
  'PriceOutOfRange',
  'LaneOutOfRange',
  'SeqOutOfRange',
  'SeqStale',
  'EpochWrong',
  'TimeInForceWrong',
  'FlagsConflict',
  'OverFilled',
  'OutsideBand',
  'LimitBroken',
  'PriceStale',
  'PriceMissing',
  'PriceOutsideBand',
  'MarginShort',
  'ReduceOnlyBroken',
  'SelfTrade',
  'PostOnlyCrosses',
  'FillOrKillShort',
  'OpenInterestExceeded',
  'PositionsTooMany',
  'OrdersTooMany',
  'BreakerTripped',
  'SessionExpired',
  'DuplicateClientId',
  'Halted',
  'Overloaded',
  'SignatureUnsupported',
  'FrameTooLarge',
  'ReportStale',
  'ReportAhead',
  'QuorumShort',
  'SignersUnordered',
  'SignerUnknown',
  'MedianWrong',
  'ReportMalformed',
  'Internal',
  'Other',
  'PositionsExceeded',
  'OrderMalformed',
  'NotOwner',
  'RoundNotNewer',
  'TimeNotNewer',
  'MarketUnlisted',
  'MarketsUnordered',
  'PriceZero',
  'RoleWrong',
  'OrderUnused',
  'BatchOutOfOrder',
  'IsolatedMarket',
  'LeverageInvalid',
  'SessionMarketBarred',
  'SessionOversize',
  'SessionReduceOnly',
  'NobodyTakes',
  'SeizurePending',
  'NotLiquidatable',
  'AccountBankrupt',
  'PositionMissing',
] as const;

export type RejectionCode = (typeof rejectionCodes)[number];

const places = new Map<string, number>(rejectionCodes.map((code, place) => [code, place]));

/** Place of a code in the list; a code that is not in it travels as `Other`. */
export const codePlace = (code: string): number => places.get(code) ?? places.get('Other') ?? 0;

/** Code at a place; a place from a newer server reads as `Other`. */
export const codeAt = (place: number): string => rejectionCodes[place] ?? 'Other';

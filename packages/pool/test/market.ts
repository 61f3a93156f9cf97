/** A market as events of the book set it. */
export const market = {
  tickValue: 100,
  initialPpm: 50_000,
  maintenancePpm: 30_000,
  takerFeePpm: 450,
  makerFeePpm: 150,
  mark: 1_000_000,
  index: 0n,
};

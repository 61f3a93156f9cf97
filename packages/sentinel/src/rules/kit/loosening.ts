/** Whether parameters of a market would loosen: law L18 with nothing scheduled. */
import { judge } from '@holdfast/laws';
import type { MarketParameters } from '../../rule.ts';
import { demoParams } from '../tape/venue.ts';

const unlisted = Object.fromEntries(Object.keys(demoParams).map((name) => [name, 0]));

/** Whether a tuple would not pass at once. @param current undefined: the market is not listed */
export const isLoosening = (
  current: MarketParameters | undefined,
  next: MarketParameters,
): boolean =>
  !judge('parameterChangeLawful', {
    current: (current ?? unlisted) as MarketParameters,
    next,
    proposedTime: 0,
    delaySeconds: 1,
    windowSeconds: 1,
    nowTime: 1,
  });

/** The tuple of a log or of calldata as whole numbers. */
export function whole(params: unknown): MarketParameters {
  const entries = Object.entries(params as object).map(([name, value]) => [name, Number(value)]);
  return Object.fromEntries(entries) as MarketParameters;
}

/** Names of the fields that would change. */
export const changedFields = (
  current: MarketParameters | undefined,
  next: MarketParameters,
): string[] =>
  Object.keys(next).filter(
    (field) => current?.[field as keyof MarketParameters] !== next[field as keyof MarketParameters],
  );

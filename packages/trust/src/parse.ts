/** Reading an earlier report. */
import { z } from 'zod';
import type { TrustReport } from './report.ts';

const boundSchema = z
  .strictObject({ value: z.string(), wider: z.enum(['more', 'less', 'any']) })
  .refine(({ value, wider }) => wider === 'any' || /^\d+$/.test(value), 'a number as text');

/** Only what a comparison needs; the rest of a report may grow. */
const reportSchema = z.looseObject({
  version: z.literal(1),
  chainId: z.number().int(),
  block: z.number().int(),
  bounds: z.record(z.string(), boundSchema),
});

/** A report that a file held; undefined when it is none. */
export function parseTrust(value: unknown): TrustReport | undefined {
  const parsed = reportSchema.safeParse(value);
  return parsed.success ? (parsed.data as unknown as TrustReport) : undefined;
}

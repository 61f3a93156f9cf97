/** Every check of bytecode, each with a mutant, in the order of the table. */
import type { Property } from '../prove/property.ts';
import { valueChecks } from './checks/values.ts';
import { vaultChecks } from './checks/vault.ts';
import { wordChecks } from './checks/words.ts';
import { wrapChecks } from './checks/wraps.ts';

export const checks: readonly Property[] = [
  ...wordChecks,
  ...valueChecks,
  ...vaultChecks,
  ...wrapChecks,
];

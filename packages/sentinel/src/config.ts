/** How a sentinel is set up: sentinel.json in its own folder, beside its key. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';

const endpointSchema = z.strictObject({
  /** http or https address of the node's JSON-RPC; may hold a key, and is never logged. */
  http: z.url({ protocol: /^https?$/ }),
  /** ws or wss address; the http one unless given, `none` for polling. */
  ws: z.union([z.url({ protocol: /^wss?$/ }), z.literal('none')]).optional(),
});

const configSchema = z.strictObject({
  endpoints: z.array(endpointSchema).min(1).max(16).optional(),
  /** Endpoints that must agree; more than half unless given. */
  quorum: z.int().min(1).max(16).optional(),
  /** Most that a gas of its transactions may cost, gwei. */
  feeGweiMax: z.number().positive().max(1e9).optional(),
});

export type SentinelConfig = z.output<typeof configSchema>;

/** Where a sentinel keeps what is its own. */
export const sentinelPaths = (folder: string) => ({
  folder,
  config: join(folder, 'sentinel.json'),
  keys: join(folder, 'keys'),
  address: join(folder, 'address.json'),
});

/** Name of the key in its folder. */
export const guardianKey = 'guardian';

/** @throws EnvironmentError ConfigMalformed, naming each field that is wrong */
export function loadConfig(folder: string): SentinelConfig {
  const { config } = sentinelPaths(folder);
  if (!existsSync(config)) return {};
  const parsed = configSchema.safeParse(readJson(config, 'settings of the sentinel'));
  if (parsed.success) return parsed.data;
  const problem = z.prettifyError(parsed.error);
  throw new EnvironmentError('ConfigMalformed', `${config} is wrong: ${problem}`);
}

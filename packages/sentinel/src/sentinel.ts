/** One sentinel, put together: endpoints, engine, guardian, and what it tells. */
import type { Logger, Venue } from '@holdfast/host';
import { type Hex, invariant } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import { createGuardian, type Guardian } from './act/guardian.ts';
import { createEndpoint, type Endpoint } from './chain/endpoint.ts';
import { createReads, type Reads } from './chain/reads.ts';
import { createSignals, type Signals, socketOf } from './chain/signals.ts';
import type { SentinelConfig } from './config.ts';
import { Engine, type Found } from './engine/engine.ts';
import { sightFinding } from './engine/findings.ts';
import type { ActiveRule } from './engine/rules.ts';
import { openVenue } from './engine/venue.ts';
import { openLaws } from './laws/judge.ts';
import { Recent } from './status/recent.ts';
import { type SentinelStatus, statusOf } from './status/status.ts';

export interface SentinelOptions {
  readonly name: string;
  readonly venue: Venue;
  readonly config: SentinelConfig;
  /** Key of a guardian; without one it watches and tells. */
  readonly account?: LocalAccount | undefined;
  readonly rules: readonly ActiveRule[];
  /** False: transactions that are in no block yet are left alone. */
  readonly watchesPool?: boolean | undefined;
  readonly logger: Logger;
  /** Told of every finding, as often as it is found. */
  readonly onFound?: ((found: Found) => void) | undefined;
  readonly progress?: ((line: string) => void) | undefined;
}

export interface Sentinel {
  readonly engine: Engine;
  readonly reads: Reads;
  readonly signals: Signals;
  readonly recent: Recent;
  readonly guardian: Guardian | undefined;
  readonly status: () => SentinelStatus;
  /** Watches until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const gwei = 10n ** 9n;
const feeGweiMaxDefault = 10_000;

/**
 * Opens a sentinel and reads the chain up to its head.
 *
 * @throws EnvironmentError ChainWrong, LawsForeign, NoQuorum, QuorumWrong
 */
export async function openSentinel(options: SentinelOptions): Promise<Sentinel> {
  const { venue: file, config, logger, account, name, rules } = options;
  const { blockMs } = file;
  const given = config.endpoints ?? [{ http: file.rpcUrl }];
  const recent = new Recent();
  let engine: Engine | undefined;
  const tell = (found: Found): void => {
    const { row, isNew } = recent.add(found);
    if (isNew) logger[row.severity === 'info' ? 'info' : 'warn']({ finding: row }, row.title);
    options.onFound?.(found);
  };
  const fault = (who: string, kind: string, why: string): void => {
    const severity = kind === 'lied' ? 'high' : 'low';
    const finding = sightFinding(`endpoint-${kind}`, severity, who, `Endpoint ${kind}`, {
      who,
      why,
    });
    const block = engine?.tip?.number ?? 0;
    tell({ finding, shadow: false, block, hash: engine?.tip?.hash ?? '0x', pending: false });
  };
  const endpoints = given.map(({ http }, i) => createEndpoint(http, i, fault));
  const venue = await openVenue(file, endpoints);
  const addresses = [...venue.sources.keys()];
  const reads = createReads({ endpoints, quorum: config.quorum, addresses, logger });
  const good = (): readonly Endpoint[] => {
    const trusted = reads.trusted();
    return trusted.length > 0 ? trusted : endpoints.filter((each) => !each.isBanned());
  };
  const [first] = good();
  invariant(first !== undefined, 'an endpoint is there');
  const laws = await openLaws(venue.laws, first);
  const feeMax = BigInt(Math.round(config.feeGweiMax ?? feeGweiMaxDefault)) * gwei;
  const { breaker, vault } = venue.places;
  const acting = account && { account, chainId: file.chainId, breaker, vault, logger, feeMax };
  const guardian = acting && (await createGuardian({ ...acting, endpoints: good }));
  const made = new Engine({ venue, reads, laws, guardian, rules, blockMs, logger, onFound: tell });
  engine = made;
  await made.begin(options.progress ?? (() => undefined));
  const sockets = given.map(({ http, ws }) => (ws === 'none' ? '' : (ws ?? socketOf(http))));
  const onPending = (hash: Hex, by: Endpoint): void => made.pool.offer(hash, by);
  const signals = createSignals({
    endpoints,
    sockets,
    blockMs,
    logger,
    ...(options.watchesPool === false ? {} : { onPending }),
  });
  const parts = { name, engine: made, reads, signals, recent, blockMs, guardian };
  return {
    engine: made,
    reads,
    signals,
    recent,
    guardian,
    status: () => statusOf(parts),
    run: async (signal) => {
      signal.addEventListener('abort', () => signals.close(), { once: true });
      await made.run(signals, signal);
    },
  };
}

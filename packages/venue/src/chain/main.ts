/** The chain process: started by the launcher, one JSON argument. */
import { runProcess } from '@holdfast/host';
import { z } from 'zod';
import { startChain } from './process.ts';

const argumentSchema = z.strictObject({
  dir: z.string(),
  port: z.number().int(),
  chainId: z.number().int(),
  blockMs: z.number().int().min(10),
  speed: z.number().positive(),
  epochMin: z.number().int(),
  dumpMs: z.number().int().min(100),
  clock: z
    .strictObject({ wallEpochMs: z.number(), venueEpoch: z.number(), speed: z.number() })
    .optional(),
});

// When the launcher dies the others end first, so that the last dump holds their last words.
await runProcess({ name: 'chain', closerMsMax: 60_000, orphanDelayMs: 5000 }, async (context) => {
  const { logger, lifecycle, ready } = context;
  const settings = argumentSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
  const chain = await startChain({ ...settings, logger, lifecycle });
  // The launcher alone can ask, and does so before anybody trades.
  process.on('message', (message: { type?: string; seconds?: number }) => {
    if (message.type !== 'advance') return;
    const { settings: clock } = chain.advance(Number(message.seconds));
    process.send?.({ type: 'advanced', clock });
  });
  ready({ rpcUrl: chain.rpcUrl, clock: chain.clock.settings, firstBlock: chain.firstBlock });
});

/** Habits of a process: venue file, keystore, clock, logging, lifecycle, chain clients. */
export * from './clients.ts';
export * from './clock.ts';
export * from './committee.ts';
export * from './faucet.ts';
export * from './files.ts';
export * from './follow.ts';
export * from './html.ts';
export * from './http.ts';
export * from './keystore.ts';
export * from './lifecycle.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './ports.ts';
export * from './process.ts';
export * from './socket.ts';
export * from './venue-file.ts';

import { EnvironmentError } from '@holdfast/units';
import { errorMessage } from './files.ts';
import { createLifecycle, type Lifecycle, watchParent } from './lifecycle.ts';
import { createLogger, type Logger } from './logger.ts';

export interface ProcessContext {
  logger: Logger;
  lifecycle: Lifecycle;
  /** Tells the parent (when there is one with a channel) that this process is ready. */
  ready(info?: Record<string, unknown>): void;
  /** Tells the parent a line for a person, while a start takes long. */
  progress(line: string): void;
}

export interface RunProcessOptions {
  name: string;
  /** Longest time one closer may take, in wall ms. */
  closerMsMax?: number | undefined;
  /** Waited between the parent's death and shutdown, in wall ms, so that siblings end first. */
  orphanDelayMs?: number | undefined;
}

/**
 * Runs `main` as the body of a process: logger, ordered shutdown on SIGINT, SIGTERM, SIGHUP or the
 * death of the parent, anything uncaught logged with exit 1. Returns when `main` returned; the
 * process lives on until its handles are closed or a signal comes.
 */
export async function runProcess(
  options: RunProcessOptions,
  main: (context: ProcessContext) => Promise<void>,
): Promise<void> {
  const logger = createLogger(options.name);
  const lifecycle = createLifecycle({ logger, closerMsMax: options.closerMsMax });
  let ending = false;
  const end = (reason: string, exitCode: number): void => {
    if (ending) return;
    ending = true;
    void lifecycle.shutdown(reason).then(() => process.exit(exitCode));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => end(signal, 0));
  }
  process.on('uncaughtException', (error) => {
    logger.fatal({ error }, 'uncaught exception');
    end('uncaught exception', 1);
  });
  process.on('unhandledRejection', (error) => {
    logger.fatal({ error }, 'unhandled rejection');
    end('unhandled rejection', 1);
  });
  // A log pipe whose reader died must not kill an ordered shutdown.
  process.stdout.on('error', () => undefined);
  if (process.send !== undefined || process.env.HOLDFAST_SUPERVISED === '1') {
    watchParent((why) => setTimeout(() => end(why, 0), options.orphanDelayMs ?? 0));
  }
  const ready = (info: Record<string, unknown> = {}): void => {
    logger.info(info, 'ready');
    if (process.connected) process.send?.({ type: 'ready', ...info });
  };
  const progress = (message: string): void => {
    logger.info(message);
    if (process.connected) process.send?.({ type: 'progress', message });
  };
  try {
    await main({ logger, lifecycle, ready, progress });
  } catch (error) {
    reportStartFailure(logger, error);
    end('start failed', 1);
  }
}

function reportStartFailure(logger: Logger, error: unknown): void {
  const code = error instanceof EnvironmentError ? error.code : 'Unexpected';
  const message = errorMessage(error);
  logger.fatal({ code, error }, message);
  if (process.connected) process.send?.({ type: 'failed', code, message });
}

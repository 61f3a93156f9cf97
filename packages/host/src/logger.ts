import { type Logger, pino } from 'pino';

export type { Logger };

const secretFields = [
  'privateKey',
  'passphrase',
  'password',
  'secret',
  'mnemonic',
  'authorization',
  'cookie',
];

export interface LoggerOptions {
  /** pino level; `HOLDFAST_LOG` or info unless told. */
  level?: string | undefined;
  /** Where lines go; stdout unless told. */
  destination?: { write(line: string): void } | undefined;
}

/** A JSON-lines logger that blanks secrets at the top level and one level down. */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const level = options.level ?? process.env.HOLDFAST_LOG ?? 'info';
  const settings = {
    name,
    level,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: secretFields.flatMap((field) => [field, `*.${field}`]),
      censor: '[redacted]',
    },
    serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
  };
  if (options.destination !== undefined) return pino(settings, options.destination);
  // Synchronous, so that the last line before an exit is never lost.
  return pino(settings, pino.destination({ dest: 1, sync: true }));
}

/** A logger that writes nothing. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

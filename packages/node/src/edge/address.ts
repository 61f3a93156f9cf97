import { EnvironmentError } from '@holdfast/units';

/** Reads `HOST:PORT` of an option. @throws EnvironmentError Usage */
export function parseAddress(option: string, text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new EnvironmentError('Usage', `${option} is HOST:PORT, not "${text}"`);
  }
  return { host: (match[1] as string).replace(/^\[|\]$/g, ''), port };
}

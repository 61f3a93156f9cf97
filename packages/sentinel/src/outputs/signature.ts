/** The signature of a webhook: HMAC-SHA256 over time and body under a key that both sides have. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { errorMessage } from '@holdfast/host';
import { EnvironmentError } from '@holdfast/units';

/** Header names of a delivery. */
export const headerNames = {
  id: 'holdfast-id',
  timestamp: 'holdfast-timestamp',
  signature: 'holdfast-signature',
} as const;

const keyBytesMin = 32;

/**
 * Reads a key from a file that only its owner can read.
 *
 * @throws EnvironmentError WebhookKeyUnreadable, WebhookKeyOpen, WebhookKeyShort; none of them
 * says what is in the file
 */
export function loadWebhookKey(path: string): Buffer {
  let mode: number;
  let key: Buffer;
  try {
    mode = statSync(path).mode & 0o777;
    key = Buffer.from(readFileSync(path, 'utf8').trim(), 'utf8');
  } catch (error) {
    const message = `the webhook's key ${path} cannot be read: ${errorMessage(error)}`;
    throw new EnvironmentError('WebhookKeyUnreadable', message);
  }
  if ((mode & 0o077) !== 0) {
    const message = `the webhook's key ${path} has mode ${mode.toString(8)}, 600 is required`;
    throw new EnvironmentError('WebhookKeyOpen', message);
  }
  if (key.length < keyBytesMin) {
    const found = `${key.length} bytes, ${keyBytesMin} are the least`;
    const message = `the webhook's key ${path} has ${found}`;
    throw new EnvironmentError('WebhookKeyShort', message);
  }
  return key;
}

/** Signature of a body sent at a time (Unix seconds): `v1=` and 64 hex digits. */
export function signBody(key: Uint8Array, timestamp: number, body: string): string {
  return `v1=${createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex')}`;
}

/**
 * What a receiver does: the signature is right and the time is near. A receiver also keeps the
 * ids of this span, for a delivery may come twice.
 *
 * @param headers of the request, names in lower case
 * @param nowSeconds Unix seconds
 */
export function verifyBody(
  key: Uint8Array,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  nowSeconds: number,
  toleranceSeconds = 300,
): boolean {
  const timestamp = Number(headers[headerNames.timestamp]);
  if (!Number.isSafeInteger(timestamp)) return false;
  if (Math.abs(nowSeconds - timestamp) > toleranceSeconds) return false;
  const found = Buffer.from(String(headers[headerNames.signature] ?? ''));
  const wanted = Buffer.from(signBody(key, timestamp, body));
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

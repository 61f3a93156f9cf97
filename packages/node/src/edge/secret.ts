/** How gateways and sequencer know each other: TLS by a key that both hold, no certificates. */
import type { TlsOptions } from 'node:tls';
import { gatewayKey, loadPrivateKey } from '@holdfast/host';
import { fromHex } from '@holdfast/units';

/** Forward secret, and no version in which Node would ask for a certificate. */
const suite: TlsOptions = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
};

/** What both ends hold, from the same encrypted file. @throws EnvironmentError of the keystore */
export async function loadSecret(keys: string, name: string): Promise<Uint8Array> {
  return fromHex(await loadPrivateKey(keys, gatewayKey(name)));
}

/** The same of several gateways, by their names. @throws EnvironmentError of the keystore */
export async function loadSecrets(
  keys: string,
  names: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const load = async (name: string) => [name, await loadSecret(keys, name)] as const;
  return new Map(await Promise.all(names.map(load)));
}

/** The sequencer's end, and who is at the other one. @param secrets by the gateways' names */
export function hubTls(secrets: ReadonlyMap<string, Uint8Array>) {
  const names = new WeakMap<object, string>();
  function pskCallback(socket: object, name: string): Uint8Array | null {
    names.set(socket, name);
    return secrets.get(name) ?? null;
  }
  const options: TlsOptions = { ...suite, pskCallback } as TlsOptions;
  return { options, nameOf: (socket: object): string => names.get(socket) ?? '' };
}

/** A gateway's end. */
export function gatewayTls(name: string, secret: Uint8Array) {
  return {
    ...suite,
    pskCallback: () => ({ psk: secret, identity: name }),
    // Who holds the key is the sequencer, whatever its host is called.
    checkServerIdentity: () => undefined,
  };
}

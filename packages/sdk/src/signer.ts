/** Signing of orders and logins with a local account or any wallet that signs typed data. */
import {
  compactFrom65,
  domain,
  domainSeparator,
  type Login,
  loginDigest,
  type Order,
  orderDigest,
  types,
} from '@holdfast/order';
import { EnvironmentError, fromHex, type Hex, toHex } from '@holdfast/units';
import type { LocalAccount } from 'viem';
import type { VenueInfo } from './info.ts';

/** A viem local account: a key in memory, a hardware wallet behind `toAccount`, … */
export type Signer = LocalAccount;

type Place = Pick<VenueInfo, 'chainId' | 'clearingHouse'>;

const separators = new WeakMap<Place, Uint8Array>();

function separatorOf(place: Place): Uint8Array {
  const known = separators.get(place);
  if (known) return known;
  const made = domainSeparator(domain(place.chainId, place.clearingHouse));
  separators.set(place, made);
  return made;
}

function compact(signature: Hex): Uint8Array {
  const made = compactFrom65(fromHex(signature));
  if (made) return made;
  throw new EnvironmentError('SignatureWrong', 'the wallet gave a signature of an unknown form');
}

/** 64 bytes EIP-2098 over the order. */
export async function signOrder(signer: Signer, place: Place, order: Order): Promise<Uint8Array> {
  if (signer.sign) {
    return compact(await signer.sign({ hash: toHex(orderDigest(separatorOf(place), order)) }));
  }
  const message = { ...order, size: BigInt(order.size) };
  return compact(
    await signer.signTypedData({
      domain: domain(place.chainId, place.clearingHouse),
      types: { Order: types.Order },
      primaryType: 'Order',
      message: message as never,
    }),
  );
}

/** 64 bytes EIP-2098 over a gateway login. */
export async function signLogin(signer: Signer, place: Place, login: Login): Promise<Uint8Array> {
  if (signer.sign) {
    return compact(await signer.sign({ hash: toHex(loginDigest(separatorOf(place), login)) }));
  }
  return compact(
    await signer.signTypedData({
      domain: domain(place.chainId, place.clearingHouse),
      types: { Login: types.Login },
      primaryType: 'Login',
      message: { ...login, nonce: toHex(login.nonce) } as never,
    }),
  );
}

/** Signing of orders and logins with a local account or any wallet that signs typed data. */
import {
  type Conditional,
  compactFrom65,
  conditionalDigest,
  domain,
  domainSeparator,
  type Forget,
  forgetDigest,
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

/** 64 bytes EIP-2098 as hex, over a conditional order. */
export async function signConditional(
  signer: Signer,
  place: Place,
  order: Conditional,
): Promise<Hex> {
  const digest = conditionalDigest(separatorOf(place), order);
  if (signer.sign) return toHex(compact(await signer.sign({ hash: toHex(digest) })));
  const message = { ...order, size: BigInt(order.size), nonce: BigInt(order.nonce) };
  return toHex(compact(await signTyped(signer, place, 'Conditional', message)));
}

/** 64 bytes EIP-2098 as hex, over a request to forget a conditional order. */
export async function signForget(signer: Signer, place: Place, forget: Forget): Promise<Hex> {
  const digest = forgetDigest(separatorOf(place), forget);
  if (signer.sign) return toHex(compact(await signer.sign({ hash: toHex(digest) })));
  return toHex(compact(await signTyped(signer, place, 'Forget', forget)));
}

const signTyped = (
  signer: Signer,
  place: Place,
  primaryType: 'Conditional' | 'Forget',
  message: object,
): Promise<Hex> =>
  signer.signTypedData({
    domain: domain(place.chainId, place.clearingHouse),
    types: { [primaryType]: types[primaryType] },
    primaryType,
    message: message as never,
  });

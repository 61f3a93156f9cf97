import { connect } from '@holdfast/sdk';
import { isRejection } from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';

export async function firstTrade(key: `0x${string}`): Promise<string> {
  const client = await connect({ venue: '.holdfast', signer: privateKeyToAccount(key) });
  await client.faucet('10000');
  await client.openAccount();
  await client.deposit('1000');
  const answer = await client.place({
    market: 'BTC-USD',
    side: 'buy',
    size: '0.01',
    price: '100000.5',
  });
  client.close();
  if (isRejection(answer)) return `${answer.code}: ${answer.message}`;
  return `${answer.status} on lane ${answer.lane}, receipt ${answer.receipt}`;
}

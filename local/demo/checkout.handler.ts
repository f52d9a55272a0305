import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

/**
 * The demo workload: a shop's checkout. It answers 200 with a price, or 500 when
 * - the release it runs in names a price list that this build does not have (the bad release), or
 * - the feature flag `new-pricing` is on (the unfinished feature).
 */
const priceLists: ReadonlyMap<string, number> = new Map([['autumn', 4_990]]);
const ssm = new SSMClient({});

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export async function handler(): Promise<Answer> {
  const priceList = process.env['PRICE_LIST'] ?? '';
  const price = priceLists.get(priceList);
  if (price === undefined) return failure(`price list "${priceList}" is not part of this build`);
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: process.env['FLAG_NAME'] ?? '' }));
  if (Parameter?.Value === 'on') return failure('new pricing divides by a discount of zero');
  return answer(200, { priceCents: price, priceList });
}

function failure(reason: string): Answer {
  console.error(JSON.stringify({ message: 'checkout failed', reason }));
  return answer(500, { error: 'checkout failed' });
}

function answer(statusCode: number, body: object): Answer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

import { BlockList } from 'node:net';

const refused = new BlockList();
const refusedIpv4: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
];
const refusedIpv6: readonly (readonly [network: string, prefix: number])[] = [
  // Unspecified, loopback and IPv4-compatible.
  ['::', 96],
  // Translated to IPv4 on the way, so that the address says nothing about where it leads.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
];
for (const [network, prefix] of refusedIpv4) refused.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of refusedIpv6) refused.addSubnet(network, prefix, 'ipv6');

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/**
 * True for an address on the public Internet: not loopback, private, link-local (where cloud metadata lives),
 * unspecified, shared, multicast or reserved. IPv4 written as IPv6 is judged as IPv4.
 */
export function isPublicAddress({ address, family }: ResolvedAddress): boolean {
  return !refused.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** The URL if a workload may be probed there: http(s) without credentials, and only https outside `local`. */
export function parseProbeUrl(text: string, environment: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const protocols = environment === 'local' ? ['http:', 'https:'] : ['https:'];
  return protocols.includes(url.protocol) && url.username === '' && url.password === '' ? url : undefined;
}

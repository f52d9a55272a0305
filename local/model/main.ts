import type { AddressInfo } from 'node:net';
import { modelServer } from './server.ts';

/** Process of the scripted stand-in: prints its address as one line of JSON; ends when standard input closes. */
const server = modelServer();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
  console.error(`SCRIPTED stand-in, not a model, answers at http://127.0.0.1:${port}/v1`);
});
process.stdin.once('end', () => process.exit(0)).resume();

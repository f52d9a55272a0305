import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/** What a server of this run shows to prove that it is `localhost`; PEM text. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A server for this machine: over TLS with a certificate, plain without. It listens nowhere yet. */
export function localServer(certificate: ServerCertificate | undefined, listener: RequestListener): Server {
  return certificate === undefined
    ? createPlainServer(listener)
    : createTlsServer({ cert: certificate.certificate, key: certificate.key }, listener);
}

/** Listens on 127.0.0.1 and nowhere else. @returns false when the port is taken */
export function listenLocally(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.removeAllListeners('listening');
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    };
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

/** Ends every connection and stops listening. */
export async function stopServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

import { bodyOf, type HttpServer, startHttpServer } from './http-server.ts';

/** How a stand-in refuses a call: the name is the exception's. */
export class StandInError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** A call of an API with the JSON protocol (`X-Amz-Target`): gets the input, answers the output. */
export type Operation = (input: never) => object;

/**
 * Answers a handful of calls of one AWS API over HTTP, in the protocol that the SDK speaks. Who calls is not
 * looked at; the gate before it does that.
 */
export function startStandIn(operations: Readonly<Record<string, Operation>>): Promise<HttpServer> {
  return startHttpServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      const answer = (status: number, value: object) =>
        response
          .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
          .end(JSON.stringify(value));
      const name = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      try {
        const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
        if (operation === undefined) throw new StandInError('InvalidAction', `unknown action ${name}`);
        answer(200, operation(JSON.parse(body.toString()) as never));
      } catch (error) {
        const { name: type, message } = error as Error;
        answer(error instanceof StandInError ? 400 : 500, { __type: type, message });
      }
    })();
  });
}

/** As much of oidc-provider 9 as we use; the package ships no types. */
declare module 'oidc-provider' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage, ServerResponse } from 'node:http';

  /** Koa's context with the provider's own part, which exists on the provider's own routes. */
  export interface ProviderContext {
    readonly method: string;
    readonly query: Readonly<Record<string, string | string[] | undefined>>;
    status: number;
    type: string;
    body: unknown;
    readonly oidc?: {
      readonly route: string;
      readonly client?: { readonly clientId: string };
      readonly session?: { readonly accountId?: string; readonly state?: { readonly secret: string } };
      readonly provider: Provider;
    };
  }

  /** What a request waits for: a person to say who they are. */
  export interface Interaction {
    readonly uid: string;
    readonly prompt: { readonly name: string };
    readonly params: Readonly<Record<string, unknown>>;
  }

  export interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  export class Provider extends EventEmitter {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    readonly Grant: new (properties: {
      clientId: string;
      accountId: string;
    }) => Grant;
    use(middleware: (context: ProviderContext, next: () => Promise<void>) => Promise<void>): this;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Readonly<Record<string, unknown>>,
      options?: { mergeWithLastSubmission?: boolean },
    ): Promise<void>;
  }

  export default Provider;
}

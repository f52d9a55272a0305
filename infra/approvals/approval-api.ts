import { Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Platform } from '../platform/platform.ts';

export interface ApprovalApiProps {
  readonly platform: Platform;
}

/** Far above what people click, far below what would cost money. Requests per second. */
const throttle = { rateLimit: 50, burstLimit: 100 };

/** Path, status and timing; never the query, a header or a body, where a session could stand. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    at: '$context.requestTime',
    method: '$context.httpMethod',
    path: '$context.path',
    status: '$context.status',
    latencyMs: '$context.responseLatency',
    sourceIp: '$context.identity.sourceIp',
  }),
);

/**
 * The public address of the approval pages: an HTTP API with one default route. The address stands before there is
 * a function behind it, because the function is told its own address.
 */
export class ApprovalApi extends Construct {
  /** `https://…` without a trailing slash. */
  readonly url: string;
  readonly #api: HttpApi;

  constructor(scope: Construct, id: string, props: ApprovalApiProps) {
    super(scope, id);
    const api = new HttpApi(this, 'HttpApi', {
      description: `Interlock approval pages (${props.platform.settings.stage})`,
      createDefaultStage: false,
    });
    new HttpStage(this, 'Stage', {
      httpApi: api,
      autoDeploy: true,
      throttle,
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLogs', {
            retention: props.platform.settings.logRetention,
            removalPolicy: props.platform.removalPolicy,
          }),
        ),
        format: accessLogFormat,
      },
    });
    Validations.of(api).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'An approver arrives by a link in a browser: the pages themselves send the visitor to log in and check session, CSRF token and authority on every decision.',
    });
    this.url = api.apiEndpoint;
    this.#api = api;
  }

  /** The function answers every path and method: pages, sign-in, decisions, API, Slack. */
  answerWith(pages: IFunction): void {
    new HttpRoute(this.#api, 'DefaultRoute', {
      httpApi: this.#api,
      routeKey: HttpRouteKey.DEFAULT,
      integration: new HttpLambdaIntegration('Pages', pages),
    });
  }
}

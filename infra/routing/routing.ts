import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { grantWide } from '../platform/wide-grant.ts';

export interface RoutingProps {
  readonly platform: Platform;
}

/** Asks a model and nothing else: the only function that reaches one, and it can reach nothing of ours. */
export class Routing extends Construct {
  readonly routing: InterlockFunction;

  constructor(scope: Construct, id: string, props: RoutingProps) {
    super(scope, id);
    const { model } = props.platform.settings;
    this.routing = new InterlockFunction(this, 'RoutingFunction', {
      platform: props.platform,
      name: 'routing',
      environment: {
        MODEL_BASE_URL: model.baseUrl,
        MODEL_NAME: model.name,
        BEDROCK_MODEL_ID: model.bedrockModelId,
        ...(model.bedrockEndpointUrl === undefined
          ? {}
          : { AWS_ENDPOINT_URL_BEDROCK_RUNTIME: model.bedrockEndpointUrl }),
      },
    });
    const arns = bedrockArns(Stack.of(this), model.bedrockModelId);
    grantWide(this.routing, {
      actions: ['bedrock:InvokeModel'],
      resources: arns,
      reason: 'An inference profile serves from whichever of its regions has room: one model, any region.',
    });
  }
}

/** Geographic inference profiles are named after the model they spread: `us.` + model id. */
const profilePrefix = /^(?:us|us-gov|eu|apac|jp|au|ca|global)\./;

/** The one model, and the inference profile in front of it where the id names one. */
function bedrockArns(stack: Stack, modelId: string): string[] {
  const foundationModel = stack.formatArn({
    service: 'bedrock',
    region: profilePrefix.test(modelId) ? '*' : stack.region,
    account: '',
    resource: 'foundation-model',
    resourceName: modelId.replace(profilePrefix, ''),
  });
  if (!profilePrefix.test(modelId)) return [foundationModel];
  const profile = stack.formatArn({
    service: 'bedrock',
    resource: 'inference-profile',
    resourceName: modelId,
  });
  return [foundationModel, profile];
}

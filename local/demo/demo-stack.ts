import { fileURLToPath } from 'node:url';
import { CfnOutput, Duration, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Alias, type IFunction, type IVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { demo } from './names.ts';

export interface DemoWorkloadProps extends StackProps {
  /** Interlock's environment that may change this workload, as in its tag `interlock:environment`. */
  readonly environmentName: string;
}

/**
 * A small workload for Interlock to look after: a shop's checkout behind an HTTP API, with an alias over its
 * versions, a feature flag and an alarm on its failures. Nothing of Interlock itself is in this stack: it opts
 * in by tags, as any workload does.
 */
export class DemoWorkload extends Stack {
  constructor(scope: Construct, id: string, props: DemoWorkloadProps) {
    super(scope, id, { description: 'Demo workload for the Interlock local mode', ...props });
    const flag = new StringParameter(this, 'NewPricing', {
      parameterName: demo.parameterName,
      stringValue: 'off',
      description: 'Feature flag: on or off',
    });
    const checkout = new NodejsFunction(this, 'Checkout', {
      functionName: demo.functionName,
      description: 'Demo checkout',
      runtime: Runtime.NODEJS_24_X,
      entry: fileURLToPath(new URL('checkout.handler.ts', import.meta.url)),
      environment: { PRICE_LIST: demo.goodPriceList, FLAG_NAME: flag.parameterName },
      timeout: Duration.seconds(5),
      bundling: { externalModules: [] },
    });
    flag.grantRead(checkout);
    // The casts below: CDK's own classes do not fit its interfaces under `exactOptionalPropertyTypes`.
    const version = checkout.currentVersion as IVersion;
    const live = new Alias(this, 'Live', { aliasName: demo.aliasName, version });
    const api = new HttpApi(this, 'Api', { description: 'Demo checkout' });
    api.addRoutes({
      path: '/checkout',
      methods: [HttpMethod.GET],
      integration: new HttpLambdaIntegration('CheckoutIntegration', live as IFunction),
    });
    const alarm = new Alarm(this, 'Errors', {
      alarmName: demo.alarmName,
      alarmDescription: 'More than half of the checkouts failed in the last 10 seconds',
      metric: new Metric({
        namespace: demo.namespace,
        metricName: demo.metricName,
        statistic: 'Average',
        period: Duration.seconds(10),
      }),
      threshold: 0.5,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.MISSING,
    });
    Tags.of(this).add('interlock:environment', props.environmentName);
    Tags.of(this).add('interlock:workload', demo.workload);

    new CfnOutput(this, 'FunctionName', { value: checkout.functionName });
    new CfnOutput(this, 'AliasName', { value: live.aliasName });
    new CfnOutput(this, 'ParameterName', { value: flag.parameterName });
    new CfnOutput(this, 'AlarmName', { value: alarm.alarmName });
    new CfnOutput(this, 'ApiId', { value: api.apiId });
    new CfnOutput(this, 'WorkloadUrl', { value: `${api.apiEndpoint}/checkout` });
  }
}

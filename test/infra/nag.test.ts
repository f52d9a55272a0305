import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { stages } from '../../infra/stage-settings.ts';
import { synthesis } from './synthesis.ts';

describe('AwsSolutions', () => {
  test.each(stages)('%s has no finding without a written reason', async (stage) => {
    const { folder, templateBytes } = await synthesis(stage);
    const { pluginReports } = JSON.parse(readFileSync(join(folder, 'validation-report.json'), 'utf8'));
    expect(pluginReports.filter((report: { conclusion: string }) => report.conclusion !== 'success')).toEqual(
      [],
    );
    expect(templateBytes).toBeLessThan(1_000_000);
  });

  test('would find an open bucket: the check is not asleep', () => {
    const app = new App();
    const stack = new Stack(app, 'Planted');
    const open = new Bucket(stack, 'Open');
    expect(open.bucketName).toBeDefined();
    const report = new AwsSolutionsChecks(app).validateScope(stack);
    expect(report.violations.map(({ ruleName }) => ruleName)).toContain('AwsSolutions-S10');
  });
});

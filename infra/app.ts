import { App, Aspects, Validations } from 'aws-cdk-lib';
import { InterlockStack } from './interlock-stack.ts';
import { describeArtefact } from './platform/artefact.ts';
import { type Bundles, bundleFunctions, keepMetafile } from './platform/bundle.ts';
import { checkPolicies } from './platform/policy-check.ts';
import { parseStageSettings, type StageSettings } from './stage-settings.ts';

/**
 * Synthesises one stage: `cdk synth -c stage=dev`. Nothing is built for settings or policies at fault.
 *
 * @param build Bundles the functions; tests bundle once for several stages.
 */
export async function synthesise(build: () => Bundles | Promise<Bundles> = bundleFunctions): Promise<void> {
  const app = new App();
  const settings = parseStageSettings(app.node.getAllContext());
  const policies = checkPolicies();
  const bundles = await build();
  keepMetafile(bundles.metafile);
  const stack = new InterlockStack(app, `Interlock-${settings.stage}`, {
    description: `Interlock: governed autonomy for operations agents (${settings.stage})`,
    settings,
    ...policies,
    bundles,
    artefact: describeArtefact(bundles),
    ...pinned(settings),
  });
  if (settings.stage === 'local') await addLocalMode(app, stack, settings);
  if (settings.nag) {
    const { AwsSolutionsChecks } = await import('cdk-nag');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  }
  // CloudFormation's own rules take two thirds of the time; tests and cloud stages check the same template.
  if (!settings.nag) process.env['CDK_VALIDATION'] ??= 'false';
  app.synth();
}

/** What the emulator needs, and a workload to look after. Loaded here only, so that no cloud stage depends on it. */
async function addLocalMode(app: App, stack: InterlockStack, settings: StageSettings): Promise<void> {
  const { EmulatorGrants } = await import('../local/emulator-grants.ts');
  Aspects.of(stack).add(new EmulatorGrants());
  // The rules are for Interlock; the demo stands for somebody else's workload.
  if (settings.nag) return;
  const { DemoWorkload } = await import('../local/demo/demo-stack.ts');
  const demo = { environmentName: settings.environment, ...pinned(settings) };
  new DemoWorkload(app, `InterlockDemo-${settings.stage}`, demo);
}

function pinned({ pinnedTo }: StageSettings): { env?: NonNullable<StageSettings['pinnedTo']> } {
  return pinnedTo === undefined ? {} : { env: pinnedTo };
}

if (import.meta.main) {
  try {
    await synthesise();
  } catch (error) {
    // One sentence for a wrong argument, a faulty policy or a missing file; the stack of our own code would only hide it.
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

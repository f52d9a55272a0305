import type { FunctionName } from '../../infra/platform/function-entries.ts';

/** The parts of a CloudFormation template that the tests read. */
export interface CloudTemplate {
  readonly Resources: Readonly<Record<string, CloudResource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

export interface CloudResource {
  readonly Type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a template is arbitrary JSON; each assertion says what it expects
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: { readonly 'aws:cdk:path'?: string };
}

export interface NamedResource extends CloudResource {
  readonly logicalId: string;
  /** Construct path without stack and `Resource`: `Platform/Tables/Ledger`. */
  readonly path: string;
}

export function resourcesOf(template: CloudTemplate, type: string): NamedResource[] {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([logicalId, resource]) => ({ ...resource, logicalId, path: pathOf(template, logicalId) }));
}

export function resourceAt(template: CloudTemplate, type: string, path: string): NamedResource {
  const found = resourcesOf(template, type).find((resource) => resource.path === path);
  if (found === undefined) throw new Error(`the template has no ${type} at ${path}`);
  return found;
}

function pathOf(template: CloudTemplate, logicalId: string): string {
  const path = template.Resources[logicalId]?.Metadata?.['aws:cdk:path'] ?? logicalId;
  return path.replace(/^Interlock-[a-z]+\//, '').replace(/\/(Resource|Default)$/, '');
}

/** A value with intrinsic functions as one line: references by path, `${AWS::Region}` and the like by name. */
export function readable(template: CloudTemplate, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const [entry] = Object.entries(value);
  const [name, argument] = entry ?? ['', ''];
  switch (name) {
    case 'Ref':
      return template.Resources[argument] === undefined ? `<${argument}>` : `<${pathOf(template, argument)}>`;
    case 'Fn::GetAtt':
      return `<${pathOf(template, argument[0])}${argument[1] === 'Arn' ? '' : `.${argument[1]}`}>`;
    case 'Fn::Join':
      return argument[1].map((part: unknown) => readable(template, part)).join(argument[0]);
    case 'Fn::Select':
      return readable(template, argument[1]['Fn::Split'][1]);
    default:
      return JSON.stringify(value);
  }
}

export interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

export function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}

/** Every statement of a role, inline or attached by a policy resource. */
export function statementsOf(template: CloudTemplate, roleId: string): Statement[] {
  const inline = (template.Resources[roleId]?.Properties.Policies ?? []).map(
    (policy: { PolicyDocument: unknown }) => policy.PolicyDocument,
  );
  const attached = resourcesOf(template, 'AWS::IAM::Policy')
    .filter(({ Properties }) => Properties.Roles?.some((role: { Ref: string }) => role.Ref === roleId))
    .map(({ Properties }) => Properties.PolicyDocument);
  return [...inline, ...attached].flatMap((document) => document.Statement);
}

/** What a role may do, one line for each call and resource, sorted: `dynamodb:GetItem on <Platform/Tables/Controls>`. */
export function permissionsOf(template: CloudTemplate, roleId: string): string[] {
  return statementsOf(template, roleId)
    .flatMap((statement) =>
      listed(statement.Action).flatMap((action) =>
        listed(statement.Resource).map((resource) => {
          const condition =
            statement.Condition === undefined ? '' : ` if ${JSON.stringify(statement.Condition)}`;
          const not = statement.Effect === 'Allow' ? '' : `${statement.Effect} `;
          return `${not}${action} on ${readable(template, resource)}${condition}`;
        }),
      ),
    )
    .toSorted();
}

export function functionNamed(template: CloudTemplate, name: FunctionName): NamedResource {
  const found = resourcesOf(template, 'AWS::Lambda::Function').find(
    ({ Properties }) => Properties.Description === `Interlock ${name}`,
  );
  if (found === undefined) throw new Error(`the template has no function ${name}`);
  return found;
}

export function roleIdOf(lambda: NamedResource): string {
  return lambda.Properties.Role['Fn::GetAtt'][0];
}

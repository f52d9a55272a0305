import { DescribeDocumentCommand, GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { ParameterContext, RunbookContext } from '../workload-resources.ts';
import { type ResourceReader, shortText } from './resource-reader.ts';

/** Longer values cannot be named by a plan (see `ssm.put-parameter`). */
const maxValueCharacters = 1_024;
const maxRunbookParameters = 20;

/** A parameter's type, and its value if it is a plain one. Never asks for decryption. */
export function ssmParameters(ssm = new SSMClient({ maxAttempts: 2 })): ResourceReader<ParameterContext> {
  return {
    type: 'ssm:parameter',
    what: 'parameter',
    // An ARN does not tell `name` from `/name`. Plans can only name the second kind; the first becomes a gap.
    resource: /^parameter(\/.+)$/,
    read: async ([path = ''], { gaps, abortSignal }) => {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: path, WithDecryption: false }), {
        abortSignal,
      });
      const { Name: name = path, Type: type = 'unknown', Value: value } = Parameter ?? {};
      if (type !== 'String' || value === undefined) return { name, type };
      if (value.length <= maxValueCharacters) return { name, type, value };
      gaps.add(`the value of parameter ${path} is longer than ${maxValueCharacters} characters`);
      return { name, type };
    },
  };
}

/** Automation runbooks; documents of another kind can be run by no action. */
export function ssmRunbooks(ssm = new SSMClient({ maxAttempts: 2 })): ResourceReader<RunbookContext> {
  return {
    type: 'ssm:document',
    what: 'runbook',
    resource: /^document\/([A-Za-z0-9_.-]{3,128})$/,
    read: async ([documentName = ''], { abortSignal }) => {
      // Without a version its default one is described.
      const { Document } = await ssm.send(new DescribeDocumentCommand({ Name: documentName }), {
        abortSignal,
      });
      const { DocumentType, Status, DocumentVersion, Parameters = [] } = Document ?? {};
      if (DocumentType !== 'Automation' || Status !== 'Active' || DocumentVersion === undefined)
        return undefined;
      return {
        documentName,
        documentVersion: DocumentVersion,
        parameters: Parameters.slice(0, maxRunbookParameters).map(({ Name, Type, Description }) => ({
          name: shortText(Name),
          type: shortText(Type),
          description: shortText(Description),
        })),
      };
    },
  };
}

import { randomUUID } from 'node:crypto';
import type { HttpServer } from './http-server.ts';
import { StandInError, startStandIn } from './stand-in.ts';

/** One execution of a runbook as the stand-in keeps it. */
export interface StoodInAutomation {
  readonly id: string;
  readonly documentName: string;
  readonly documentVersion: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly tagKeys: readonly string[];
  readonly startedAtSeconds: number;
  status: string;
}

export interface AutomationStandIn extends HttpServer {
  /** In the order they were started. */
  readonly automations: StoodInAutomation[];
  /** `name:version` of each runbook that exists, and the status in which its executions are. */
  readonly runbooks: Map<string, string>;
  /** An execution that somebody else starts; version 3, succeeded, unless said otherwise. */
  readonly start: (given: Partial<StoodInAutomation>) => StoodInAutomation;
}

interface Start {
  readonly DocumentName: string;
  readonly DocumentVersion: string;
  readonly Parameters: Readonly<Record<string, readonly string[]>>;
  readonly ClientToken: string;
  readonly Tags: readonly { readonly Key: string }[];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `DescribeDocument`, `StartAutomationExecution` and `DescribeAutomationExecutions` with the filter `TagKey`,
 * as the API reference documents them: a token has the form of a UUID, starts one execution, and may not be
 * used for another one.
 */
export async function startAutomationStandIn(): Promise<AutomationStandIn> {
  const automations: StoodInAutomation[] = [];
  const runbooks = new Map<string, string>();
  const tokens = new Map<string, { readonly id: string; readonly request: string }>();
  const statusOf = (name: string, version: string) => {
    const status = runbooks.get(`${name}:${version}`);
    if (status === undefined) throw new StandInError('InvalidDocument', 'Document does not exist');
    return status;
  };
  const start = (given: Partial<StoodInAutomation>) => {
    const automation = {
      id: randomUUID(),
      documentName: '',
      documentVersion: '3',
      parameters: {},
      tagKeys: [],
      startedAtSeconds: 1_772_445_600 + automations.length,
      status: 'Success',
      ...given,
    };
    automations.push(automation);
    return automation;
  };
  const server = await startStandIn({
    DescribeDocument: (input: { Name: string; DocumentVersion: string }) => {
      statusOf(input.Name, input.DocumentVersion);
      return { Document: { Name: input.Name, DocumentType: 'Automation', Status: 'Active' } };
    },
    StartAutomationExecution: (input: Start) => {
      const request = JSON.stringify(input);
      if (!uuid.test(input.ClientToken)) throw new StandInError('ValidationException', 'token is no UUID');
      const earlier = tokens.get(input.ClientToken);
      if (earlier !== undefined) {
        if (earlier.request === request) return { AutomationExecutionId: earlier.id };
        throw new StandInError('IdempotentParameterMismatch', 'the token was used for another request');
      }
      const automation = start({
        documentName: input.DocumentName,
        documentVersion: input.DocumentVersion,
        parameters: input.Parameters,
        tagKeys: input.Tags.map(({ Key }) => Key),
        status: statusOf(input.DocumentName, input.DocumentVersion),
      });
      tokens.set(input.ClientToken, { id: automation.id, request });
      return { AutomationExecutionId: automation.id };
    },
    DescribeAutomationExecutions: (input: {
      Filters: readonly { Key: string; Values: readonly string[] }[];
    }) => ({
      AutomationExecutionMetadataList: automations
        .filter(({ tagKeys }) =>
          input.Filters.every(
            ({ Key, Values }) => Key === 'TagKey' && Values.some((value) => tagKeys.includes(value)),
          ),
        )
        .map(({ id, documentName, documentVersion, status, startedAtSeconds }) => ({
          AutomationExecutionId: id,
          DocumentName: documentName,
          DocumentVersion: documentVersion,
          AutomationExecutionStatus: status,
          ExecutionStartTime: startedAtSeconds,
        })),
    }),
  });
  return { ...server, automations, runbooks, start };
}

import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { decide } from '../../functions/autonomy/decision.ts';
import { contextOf } from '../../functions/policy/policy-engine.ts';
import { policySetOf } from '../../functions/policy/policy-files.ts';
import { base, files, shipped } from '../../test/autonomy/decision-inputs.ts';
import { asking } from '../../test/policy/requests.ts';
import { type Benchmark, percentile, ratio } from '../benchmark.ts';

const rounds = 400;
/** Before the first sample: the engine compiles its hot code meanwhile. */
const warmUps = 50;

/** What one decision costs: the boundary alone and the whole decision, against Cedar called without any state. */
export const benchmark: Benchmark = {
  title: 'Policy decision',
  how: `The shipped policies, one permitted request (lambda.shift-alias), ${rounds} samples after ${warmUps} to warm up, the ways taking turns in one process. The alternative is a bare \`isAuthorized\` of the same Cedar version, which is given policies and schema as text and parses them each time, validates the request just the same, and gives no reason.`,
  measure: async (progress) => {
    const set = policySetOf(files);
    const request = asking('lambda.shift-alias');
    const resource = { type: 'Interlock::Target', id: request.target.key };
    const bare = () =>
      isAuthorized({
        principal: { type: 'Interlock::AgentRole', id: request.agentRole },
        action: { type: 'Interlock::Action', id: request.action },
        resource,
        context: contextOf(request),
        validateRequest: true,
        schema: set.schema,
        policies: { staticPolicies: { ...set.policies } },
        entities: [
          {
            uid: resource,
            attrs: {
              kind: request.target.type,
              name: request.target.id,
              nameLower: request.target.id,
              environment: request.targetEnvironment,
            },
            parents: [],
            tags: {},
          },
        ],
      });
    if (bare().type !== 'success') throw new Error('the bare call does not answer');
    const ways = {
      'the whole decision (`decide`)': () => decide(base, shipped),
      'the policy boundary (`PolicyEngine.evaluate`)': () => shipped.evaluatePolicy(request, []),
      'bare `isAuthorized`': bare,
    };
    const samples = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
    progress(`${rounds} decisions each way`);
    for (let round = -warmUps; round < rounds; round++) {
      for (const [name, run] of Object.entries(ways)) {
        const startedAt = performance.now();
        run();
        if (round >= 0) samples.get(name)?.push(performance.now() - startedAt);
      }
    }
    const of = (name: string, share: number) => percentile(samples.get(name) ?? [], share);
    const milliseconds = (value: number) => `${value.toFixed(2)} ms`;
    return {
      head: ['way', 'p50', 'p99', 'p50, ratio', 'p99, ratio'],
      rows: Object.keys(ways).map((name) => [
        name,
        milliseconds(of(name, 0.5)),
        milliseconds(of(name, 0.99)),
        ratio(of(name, 0.5), of('bare `isAuthorized`', 0.5)),
        ratio(of(name, 0.99), of('bare `isAuthorized`', 0.99)),
      ]),
    };
  },
};

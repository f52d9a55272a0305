import { describe, expect, it } from 'vitest';
import { help, parseOptions } from '../../local/options.ts';
import { scenarios } from '../../local/scenarios/catalogue.ts';

describe('options of npm start', () => {
  it('default to the first scenario, for a person', () => {
    const parsed = parseOptions([]);
    expect(parsed).toMatchObject({ outcome: 'options', options: { once: false, json: false, tls: false } });
    expect(parsed.outcome === 'options' && parsed.options.scenario.name).toBe('alias-rollback');
  });

  it('take everything at once', () => {
    const parsed = parseOptions(
      '--scenario storm --once --json --model-url http://127.0.0.1:11434/v1/ --model qwen --port 4800 --tls'.split(
        ' ',
      ),
    );
    expect(parsed).toMatchObject({
      outcome: 'options',
      options: {
        once: true,
        json: true,
        modelUrl: 'http://127.0.0.1:11434/v1',
        modelName: 'qwen',
        port: 4_800,
        tls: true,
      },
    });
  });

  it.each([
    [['--scenario', 'nope'], /no scenario "nope": choose one of alias-rollback, /],
    [['--scenario', '__proto__'], /no scenario/],
    [['--port', '0'], /1 to 65535/],
    [['--port', '65536'], /1 to 65535/],
    [['--port', 'http'], /1 to 65535/],
    [['--model-url', 'localhost:11434', '--model', 'x'], /takes a URL/],
    [['--model-url', 'http://localhost:11434/v1'], /go together/],
    [['--model', 'x'], /go together/],
    [['--json'], /needs --once/],
    [['--onec'], /Unknown option '--onec'/],
    [['storm'], /Unexpected argument 'storm'/],
    [['--port'], /argument missing/],
    [['--tls=yes'], /does not take an argument/],
  ])('refuse %j', (args, message) => {
    const parsed = parseOptions(args);
    expect(parsed.outcome === 'invalid' && parsed.message).toMatch(message);
  });

  it.each([65_535, 1])('accept port %i', (port) => {
    expect(parseOptions(['--port', String(port)])).toMatchObject({ outcome: 'options', options: { port } });
  });

  it('explain every scenario', () => {
    expect(parseOptions(['--help'])).toEqual({ outcome: 'help' });
    for (const { name, summary } of scenarios) {
      expect(help).toContain(name);
      expect(help).toContain(summary);
    }
  });
});

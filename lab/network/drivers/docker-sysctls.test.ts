/** What compose is told of the client's kernel; that a container then has it is for the scenarios on docker to show. */
import { access, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sysctlsFor, withSysctls } from './docker-sysctls.ts';

const asked = { 'net.ipv4.tcp_retries2': 2, 'net.ipv4.tcp_syn_linear_timeouts': 0 };

test('a setting that the engine’s kernel does not have is left out', () => {
  expect(sysctlsFor(asked, '6.1.0-18-amd64')).toEqual({ 'net.ipv4.tcp_retries2': 2 });
  expect(sysctlsFor(asked, '6.5.0-rc1')).toEqual(asked);
  expect(sysctlsFor(asked, '6.18.44')).toEqual(asked);
  expect(sysctlsFor(asked, '4.4.0')).toEqual({});
});

test('what is asked for is a file that is there while it is used', async () => {
  const { file, text } = await withSysctls(asked, '6.12.0', async ([option, path = '']) => {
    expect(option).toBe('--file');
    return { file: path, text: await readFile(path, 'utf8') };
  });
  expect(JSON.parse(text)).toEqual({ services: { client: { sysctls: asked } } });
  await expect(access(file)).rejects.toThrow('ENOENT');
});

test('without any there is no file', async () => {
  expect(await withSysctls({}, '6.12.0', (args) => Promise.resolve(args))).toEqual([]);
});

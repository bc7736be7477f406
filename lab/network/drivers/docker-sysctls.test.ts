/** The kernel settings that compose gets for the client. The scenarios on docker show that the container then has them. */
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

test('the settings are in a file that exists only while it is used', async () => {
  const { file, text } = await withSysctls(asked, '6.12.0', async ([option, path = '']) => {
    expect(option).toBe('--file');
    return { file: path, text: await readFile(path, 'utf8') };
  });
  expect(JSON.parse(text)).toEqual({ services: { client: { sysctls: asked } } });
  await expect(access(file)).rejects.toThrow('ENOENT');
});

test('without settings there is no file', async () => {
  expect(await withSysctls({}, '6.12.0', (args) => Promise.resolve(args))).toEqual([]);
});

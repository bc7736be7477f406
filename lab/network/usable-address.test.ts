/** A new IPv6 address, judged by the kernel's own route to it in a network namespace of the test. */
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { describeWith } from '../testing/testing.ts';
import { untilUsable } from './usable-address.ts';

const address = '2001:db8:1::53';

const run = (script: string) => execa('unshare', ['--user', '--map-root-user', '--net', 'sh', '-ec', `ip link add dev v0 type veth peer name v1
ip link set dev v0 up
ip link set dev v1 up
${script}`], { reject: false });

describeWith(['netns'], 'a new IPv6 address', () => {
  test('after the wait the host has its route to itself', async () => {
    // The address itself comes late, because the kernel is late by chance only, and by a millisecond.
    expect(await run(`(sleep 0.3; ip address add ${address}/64 dev v0 nodad) &
${untilUsable([`${address}/64`], 'v0')}
ip -6 route show table local ${address} dev v0`)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(`^local ${address} `) as string, stderr: '' });
  });

  test('an address that never comes ends the commands with one line', async () => {
    const wait = untilUsable([address], 'v0').replace(/left=\d+/, 'left=3');
    expect(await run(wait)).toMatchObject({ exitCode: 1, stdout: '', stderr: `the kernel did not add its route to ${address} on v0` });
  });
});

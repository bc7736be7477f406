import { programPath, type Profile } from './profile.ts';

/** Prints the release of OTP, and the version of the application that httpc is a part of. */
const versionScript = 'application:load(inets), {ok, Version} = application:get_key(inets, vsn), io:format("~s OTP ~s~n", [Version, erlang:system_info(otp_release)]), halt().';

export const erlangHttpc: Profile = {
  summary: "Erlang's httpc (of inets), with its default profile",
  install: { packages: 'erlang-base erlang-inets erlang-ssl' },
  // Given the CA of the lab ({verify, verify_peer}), OTP 25 ends the handshake with an error of its own: it cannot compare addresses with the addresses in the
  // name constraints of a CA (pubkey_cert:match_name).
  tls: { givenBy: 'nothing: before OTP 26 it verifies no certificate', give: () => ({}), http2: 'never' },
  find: async (host) => {
    const { exitCode, stdout } = await host.run(['erl', '-noshell', '-eval', versionScript]);
    if (exitCode !== 0) return null;
    return {
      version: stdout.trim(),
      program: { asked: 'over stdin', argv: ['escript', programPath(host, 'erlang_httpc.escript')], saysReady: true },
      ...(Number(/OTP (\d+)/.exec(stdout)?.[1]) < 26 ? {} : { lacks: { tls: 'use OTP 25 or an earlier one. Later ones verify certificates, and the lab does not know how they take its CA' } }),
    };
  },
};

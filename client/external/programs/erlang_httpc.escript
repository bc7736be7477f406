#!/usr/bin/env escript
%% httpc of Erlang's application inets, with the lab's protocol (docs/clients.md). All requests use its default profile.
-mode(compile).

main(_) ->
    {ok, _} = application:ensure_all_started(inets),
    {ok, _} = application:ensure_all_started(ssl),
    %% A warning that no certificate is verified would stand between the lines of the protocol.
    ok = logger:set_primary_config(level, error),
    io:put_chars("{\"ready\":true}\n"),
    lines().

lines() ->
    case io:get_line("") of
        eof -> halt(0);
        Line ->
            spawn(fun() -> answer(Line) end),
            lines()
    end.

answer(Line) ->
    Url = field(Line, "\"url\":\"([^\"]*)\""),
    Limit = case field(Line, "\"timeoutMs\":(\\d+)") of none -> []; Digits -> [{timeout, list_to_integer(Digits)}] end,
    {Method, Request} = case field(Line, "\"method\":\"(\\w+)\"") of
        "POST" -> {post, {Url, [], "", <<>>}};
        Name -> {list_to_existing_atom(string:lowercase(Name)), {Url, []}}
    end,
    Result = case httpc:request(Method, Request, Limit, [{body_format, binary}]) of
        {ok, {{_, Status, _}, _, Body}} -> io_lib:format("\"status\":~b,\"body\":~s", [Status, quoted(Body)]);
        {error, Reason} -> io_lib:format("\"error\":~s,\"causes\":[~s]", [quoted(name(Reason)), quoted(io_lib:format("~0p", [Reason]))])
    end,
    io:put_chars(io_lib:format("{\"id\":~s,~s}\n", [field(Line, "\"id\":(\\d+)"), Result])).

%% The innermost reason. That of a connection is the name of the system's error in lower case: econnrefused.
name({failed_connect, Tried}) when is_list(Tried) -> name(element(tuple_size(lists:last(Tried)), lists:last(Tried)));
name({tls_alert, {Alert, _}}) -> ["TLS alert ", atom_to_list(Alert)];
name(Reason) when is_atom(Reason) ->
    Text = atom_to_list(Reason),
    case Text of [$e | _] -> string:uppercase(Text); _ -> Text end;
name(Reason) -> io_lib:format("~0p", [Reason]).

field(Line, Pattern) ->
    case re:run(Line, Pattern, [{capture, all_but_first, list}]) of {match, [Found]} -> Found; nomatch -> none end.

quoted(Text) ->
    [$", [escaped(Each) || Each <- unicode:characters_to_list(Text)], $"].

escaped(Each) when Each < $\s; Each =:= $"; Each =:= $\\ -> io_lib:format("\\u~4.16.0b", [Each]);
escaped(Each) -> Each.

"""The lab's protocol: one JSON line in for each request, one JSON line out with its result (docs/clients.md)."""
import asyncio
import errno
import json
import ssl
import sys

# The options of a variant, such as `python-requests?timeout=1`: the word `--options={"timeout":1}` of the command line.
options = json.loads(next((word.removeprefix("--options=") for word in sys.argv if word.startswith("--options=")), "{}"))


def write(message):
    print(json.dumps(message), flush=True)


def chain(error):
    """Returns the error and its causes, outermost first. Libraries wrap the system's error several times, and anyio groups one error for each address."""
    seen, following = [], [error]
    while following:
        error = following.pop(0)
        # asyncio cancels a task when its time limit is over. This is how it does it, and no cause.
        if error is None or error in seen or isinstance(error, asyncio.CancelledError):
            continue
        seen.append(error)
        group = getattr(error, "exceptions", ())
        inner = getattr(error, "reason", None)
        wrapped = [arg for arg in error.args if isinstance(arg, BaseException)]
        following += group or [inner if isinstance(inner, BaseException) else wrapped[0] if wrapped else error.__cause__ or error.__context__]
    return seen


def failure(id, error):
    """Returns the result line of a failed request: the system's error code if there is one, otherwise the exception's name."""
    causes = chain(error)
    # The number of an SSLError is OpenSSL's, and not the system's.
    codes = [errno.errorcode[each.errno] for each in causes if isinstance(each, OSError) and not isinstance(each, ssl.SSLError) and each.errno in errno.errorcode]
    return {"id": id, "error": codes[-1] if codes else type(causes[-1]).__name__, "causes": [f"{type(each).__name__}: {each}" for each in causes]}


def seconds(message):
    """Returns the caller's limit in seconds, or None for the library's own default."""
    return message["timeoutMs"] / 1000 if "timeoutMs" in message else None


def serve(request):
    """Answers the request lines one after the other. `request(method, url, timeout)` returns status and body, or raises."""
    write({"ready": True})
    for line in sys.stdin:
        message = json.loads(line)
        try:
            status, body = request(message["method"], message["url"], seconds(message))
            write({"id": message["id"], "status": status, "body": body})
        except Exception as error:
            write(failure(message["id"], error))


async def serve_async(request):
    """Like `serve`, but on an event loop. The loop also runs between requests, so the client notices connections that close."""
    async def answer(message):
        try:
            status, body = await request(message["method"], message["url"], seconds(message))
            write({"id": message["id"], "status": status, "body": body})
        except Exception as error:
            write(failure(message["id"], error))

    write({"ready": True})
    tasks = set()
    while line := await asyncio.to_thread(sys.stdin.readline):
        task = asyncio.ensure_future(answer(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

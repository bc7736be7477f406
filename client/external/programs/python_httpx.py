import asyncio
import sys

import httpx
from lab_protocol import options, serve, serve_async

settings = {**options, **({"http2": True} if "--http2" in sys.argv else {})}


def limit(timeout):
    return {} if timeout is None else {"timeout": timeout}


def run():
    client = httpx.Client(**settings)

    def request(method, url, timeout):
        response = client.request(method, url, **limit(timeout))
        return response.status_code, response.text

    serve(request)


async def run_async():
    async with httpx.AsyncClient(**settings) as client:

        async def request(method, url, timeout):
            response = await client.request(method, url, **limit(timeout))
            return response.status_code, response.text

        await serve_async(request)


if "--async" in sys.argv:
    asyncio.run(run_async())
else:
    run()

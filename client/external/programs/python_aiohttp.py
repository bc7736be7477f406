import asyncio

import aiohttp
from lab_protocol import options, serve_async


async def main():
    settings = {"timeout": aiohttp.ClientTimeout(**options)} if options else {}
    async with aiohttp.ClientSession(**settings) as session:

        async def request(method, url, timeout):
            limit = {} if timeout is None else {"timeout": aiohttp.ClientTimeout(total=timeout)}
            async with session.request(method, url, **limit) as response:
                return response.status, await response.text()

        await serve_async(request)


asyncio.run(main())

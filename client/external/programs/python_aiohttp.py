import asyncio

import aiohttp
from lab_protocol import serve_async


async def main():
    async with aiohttp.ClientSession() as session:

        async def request(method, url, timeout):
            limit = {} if timeout is None else {"timeout": aiohttp.ClientTimeout(total=timeout)}
            async with session.request(method, url, **limit) as response:
                return response.status, await response.text()

        await serve_async(request)


asyncio.run(main())

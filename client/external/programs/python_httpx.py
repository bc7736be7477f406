import sys

import httpx
from lab_protocol import serve

client = httpx.Client(http2="--http2" in sys.argv)


def request(method, url, timeout):
    response = client.request(method, url, **({} if timeout is None else {"timeout": timeout}))
    return response.status_code, response.text


serve(request)

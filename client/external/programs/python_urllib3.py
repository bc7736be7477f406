import sys

import urllib3
from lab_protocol import options, serve

pool = urllib3.PoolManager(**options)
retries = {"retries": False} if "--no-retries" in sys.argv else {}


def request(method, url, timeout):
    limit = {} if timeout is None else {"timeout": timeout}
    response = pool.request(method, url, **retries, **limit)
    return response.status, response.data.decode()


serve(request)

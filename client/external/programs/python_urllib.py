import urllib.error
import urllib.request

from lab_protocol import serve


def request(method, url, timeout):
    limit = {} if timeout is None else {"timeout": timeout}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), **limit) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        # A status of 400 or more is an exception here, and a response all the same.
        return error.code, error.read().decode()


serve(request)

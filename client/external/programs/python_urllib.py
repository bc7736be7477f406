import urllib.error
import urllib.request

from lab_protocol import serve


def request(method, url, timeout):
    limit = {} if timeout is None else {"timeout": timeout}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), **limit) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        # urllib raises an exception for a status of 400 or more, but it is still a response.
        return error.code, error.read().decode()


serve(request)

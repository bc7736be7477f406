import requests
from lab_protocol import options, serve
from requests.adapters import HTTPAdapter

session = requests.Session()
if "max_retries" in options:
    for prefix in ("http://", "https://"):
        session.mount(prefix, HTTPAdapter(max_retries=options["max_retries"]))


def request(method, url, timeout):
    response = session.request(method, url, timeout=options.get("timeout") if timeout is None else timeout)
    return response.status_code, response.text


serve(request)

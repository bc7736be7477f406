import requests
from lab_protocol import serve

session = requests.Session()


def request(method, url, timeout):
    response = session.request(method, url, timeout=timeout)
    return response.status_code, response.text


serve(request)
